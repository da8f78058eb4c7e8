"""Keras: ``keras.losses.categorical_crossentropy`` after ``keras.ops.softmax``, on JAX.

This is a model whose last layer has the softmax activation, trained with the default loss:
``from_logits=False``, so predictions are probabilities. The loss clips them to between 1e-7 and
1 - 1e-7 (``keras.config.epsilon``), and the gradient of a clipped probability is zero. The
documentation of the loss does not mention that.
https://keras.io/api/losses/probabilistic_losses/#categorical_crossentropy-function
https://keras.io/api/ops/nn/#softmax-function
"""

import os
from dataclasses import replace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from gradcert_implementations.adapters.jax_loss import from_jax

__all__ = ["implementation"]


def _loss(logits: Any, targets: Any) -> Any:
    return keras.losses.categorical_crossentropy(targets, keras.ops.softmax(logits))


implementation = replace(
    from_jax(_loss, quantities=["dE/dz"], device="cpu"),
    name="keras-softmax",
    origin="",
    library="keras",
)
