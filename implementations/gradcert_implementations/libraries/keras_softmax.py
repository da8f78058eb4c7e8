"""Keras: ``keras.losses.CategoricalCrossentropy`` after ``keras.ops.softmax``, on JAX.

This is a model whose last layer has the softmax activation, trained with the default loss:
``from_logits=False``, so predictions are probabilities. The loss clips them to between 1e-7 and
1 - 1e-7 (``keras.config.epsilon``), and the gradient of a clipped probability is zero. The
documentation of the loss does not mention that. It offers ``label_smoothing``, and the reductions
None, sum and a mean.
https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
https://keras.io/api/ops/nn/#softmax-function
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.offered import require_offered
from gradcert_implementations.interface import Adapted, Function, Implementation, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation"]


def _adapted(loss: Loss) -> Implementation:
    def total(logits: Any, targets: Any) -> Any:
        call = keras.losses.CategoricalCrossentropy(
            label_smoothing=loss.label_smoothing,
            reduction=loss.reduction.value,
            dtype=logits.dtype.name,
        )
        return call(targets, keras.ops.softmax(logits))

    return from_jax(total, quantities=["dE/dz"], device="cpu", loss=loss)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient of the loss with its options.

    Raises
    ------
    ValueError
        For an option that Keras does not offer.
    """
    require_offered(loss, "label_smoothing", "reduction")
    return _adapted(loss).functions


implementation = replace(
    _adapted(Loss()),
    name="keras-softmax",
    origin="",
    library="keras",
    adapted=Adapted.NOTHING,
    functions_for=functions_for,
)
