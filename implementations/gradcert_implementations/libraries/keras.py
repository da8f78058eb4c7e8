"""Keras: ``keras.losses.categorical_crossentropy`` of logits, on the JAX backend.

The documentation asks for one-hot targets and, with ``label_smoothing``, makes probabilities of
them itself; ``from_logits=True`` tells it that the predictions are logits. It names no formats; the
loss is computed in that of the predictions. The backend, which differentiates, can be chosen by
``KERAS_BACKEND``, but this adapter is for JAX.
https://keras.io/api/losses/probabilistic_losses/#categorical_crossentropy-function
"""

import os
from dataclasses import replace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["implementation"]


def _loss(logits: Any, targets: Any) -> Any:
    return keras.losses.categorical_crossentropy(targets, logits, from_logits=True)


_value = from_jax(_loss, quantities=["loss"], formats=FORMAT_NAMES, device="cpu")
_gradient = from_jax(_loss, quantities=["dE/dz"], formats=FORMAT_NAMES, device="cpu")

implementation = replace(
    _gradient,
    name="keras",
    functions={**_value.functions, **_gradient.functions},
    origin="",
    library="keras",
)
