"""Keras: ``keras.losses.CategoricalCrossentropy`` of logits, on the JAX backend.

The documentation requires one-hot targets; with ``label_smoothing`` the loss itself makes
probabilities of them. ``from_logits=True`` says that the predictions are logits. It offers the
reductions None, sum and a mean. ``SparseCategoricalCrossentropy``, for class indices, offers
``ignore_class``, and no label smoothing; its mean leaves ignored rows out. The documentation names
no formats. The class computes in the format that it is given as ``dtype``, here that of the logits.
``KERAS_BACKEND`` chooses the backend, which differentiates, but this adapter is for JAX.
https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.offered import require_offered, require_one_of
from gradcert_implementations.interface import (
    Adapted,
    Function,
    Implementation,
    Loss,
    MeanOver,
    needed_targets,
)
from gradcert_implementations.names import FORMAT_NAMES, QuantityName

__all__ = ["functions_for", "implementation"]


def _adapted(loss: Loss) -> Implementation:
    def total(logits: Any, targets: Any) -> Any:
        if loss.ignore_index is None:
            kind, option = keras.losses.CategoricalCrossentropy, loss.label_smoothing
        else:
            kind, option = keras.losses.SparseCategoricalCrossentropy, loss.ignore_index
        name = "label_smoothing" if loss.ignore_index is None else "ignore_class"
        call = kind(
            from_logits=True,
            reduction=loss.reduction.value,
            dtype=logits.dtype.name,
            **{name: option},
        )
        return call(targets, logits)

    targets = needed_targets(loss)
    return from_jax(total, formats=FORMAT_NAMES, device="cpu", loss=loss, targets=targets)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss with its options, and its gradient.

    Raises
    ------
    ValueError
        For an option that Keras does not offer, or not with another one.
    """
    options = "label_smoothing", "ignore_index", "reduction"
    require_offered(loss, *options, mean_over=MeanOver.KEPT)
    require_one_of(loss, "label_smoothing", "ignore_index")
    return _adapted(loss).functions


implementation = replace(
    _adapted(Loss()),
    name="keras",
    origin="",
    library="keras",
    adapted=Adapted.NOTHING,
    functions_for=functions_for,
)
