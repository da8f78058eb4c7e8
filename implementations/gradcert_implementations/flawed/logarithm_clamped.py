"""The logarithm of a probability is clamped from below.

A logarithm of zero is minus infinity, and zero times that is NaN. So the logarithm is clamped to a
bound such as -100, which is the habit of binary cross-entropy. The loss of a class beyond the bound
is then a constant. Its gradient is usually taken elsewhere and is right, so that the two no longer
fit each other. Logits further apart than the bound are rare in a test.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    differs,
    label_of,
)

__all__ = ["clamped_above", "implementation"]


def clamped_above(most: float) -> Mapping[QuantityName, Function]:
    """Return the loss ``sum_j t_j min(-ln o_j, most)``.

    Examples
    --------
    >>> clamped_above(100)["loss"](np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([100.])
    """

    def loss(logits: Array, targets: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (targets * np.minimum(surprise, surprise.dtype.type(most))).sum(axis=-1)
        return total

    return {"loss": loss}


def _stated(most: float) -> str:
    return f"E = sum_j t_j min(-ln o_j, {most:g})"


def _read(seen: Seen) -> Readings:
    wrong = differs(seen) & (label_of(seen) is not None)
    size = abs(seen.returned[wrong])
    return Readings.of(seen, seen.returned[wrong], np.ones(()), size)


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return what the losses of one-hot rows have in common; nothing if a loss is too large."""
    if any((seen.returned > seen.expected)[differs(seen)].any() for seen in evidence):
        return []
    if any(len(seen.returned) != 1 for seen in evidence):
        return []
    return [(most,) for most in agreed(map(_read, evidence), low=0)]


implementation = ParametricFlaw(
    name="logarithm-clamped",
    functions=clamped_above(100),
    formula=_stated(100),
    source="a common slip; PyTorch's binary_cross_entropy clamps its logarithms at -100",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((101.0, 0.0),), ((0.0, 1.0),)),
    at=clamped_above,
    stated=_stated,
    fit=_fit,
)
