"""Keras: ``keras.losses.categorical_crossentropy`` of logits, on the JAX backend.

The documentation requires one-hot targets; with ``label_smoothing`` the loss itself makes
probabilities of them. ``from_logits=True`` says that the predictions are logits. The documentation
names no formats; the loss is computed in the format of the predictions. ``KERAS_BACKEND`` chooses
the backend, which differentiates, but this adapter is for JAX.
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


implementation = replace(
    from_jax(_loss, formats=FORMAT_NAMES, device="cpu"),
    name="keras",
    origin="",
    library="keras",
)
