"""Optax: ``optax.safe_softmax_cross_entropy``, differentiated by ``jax.vjp``.

The documentation describes labels as valid probability distributions, non-negative and summing to
one. It promises ``0 log 0 = 0`` for logits of -inf, which ``optax.softmax_cross_entropy`` does not
do. Logits may have any floating-point type. Label smoothing is a function of its own,
``optax.smooth_labels``, that makes the labels.
https://optax.readthedocs.io/en/latest/api/losses.html#optax.losses.safe_softmax_cross_entropy
https://optax.readthedocs.io/en/latest/api/losses.html#optax.losses.smooth_labels
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import optax

from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.offered import require_offered
from gradcert_implementations.interface import Adapted, Function, Implementation, Loss
from gradcert_implementations.names import FORMAT_NAMES, QuantityName

__all__ = ["functions_for", "implementation"]


def _adapted(loss: Loss) -> Implementation:
    def total(logits: Any, targets: Any) -> Any:
        if loss.label_smoothing:
            targets = optax.smooth_labels(targets, loss.label_smoothing)
        return optax.safe_softmax_cross_entropy(logits, targets)

    return from_jax(total, formats=FORMAT_NAMES, device="cpu", loss=loss)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss of labels, which may be smoothed, and its gradient.

    Raises
    ------
    ValueError
        For an option that Optax does not offer.
    """
    require_offered(loss, "label_smoothing")
    return _adapted(loss).functions


implementation = replace(
    _adapted(Loss()),
    name="optax",
    origin="",
    library="optax",
    adapted=Adapted.NOTHING,
    functions_for=functions_for,
)
