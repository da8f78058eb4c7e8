"""Computed in 16 bits and handed back in a wider format.

An automatic choice of formats takes the softmax to 16 bits, or a matrix unit returns them and
nobody asks how. The result is converted back to the format of the arguments. It says binary32, and
holds three digits, or two in bfloat16. A probability of one takes all of them, and the gradient of
a confident row is zero or a multiple of the last digit.
"""

from collections.abc import Iterable, Mapping, Sequence

import ml_dtypes
import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import FormatName, QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    rounding,
    rounding_of,
)

__all__ = ["implementation", "through"]


_FORMATS: tuple[FormatName, ...] = ("binary16", "bfloat16")

_DTYPES = np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)


def through(format: float) -> Mapping[QuantityName, Function]:
    """Return softmax, loss and gradient in binary16 (format 0) or bfloat16 (format 1).

    Examples
    --------
    >>> through(1)["softmax"](np.array([[np.log(3), 0.0]]))
    array([[0.75390625, 0.25      ]])
    """
    dtype = _DTYPES[int(format)]

    def below(logits: Array) -> Array:
        z = logits.astype(dtype)
        shifted: Array = z - z.max(axis=-1, keepdims=True)
        return shifted

    def narrow_softmax(logits: Array) -> Array:
        powers = np.exp(below(logits))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o

    def softmax(logits: Array) -> Array:
        return narrow_softmax(logits).astype(logits.dtype)

    def loss(logits: Array, targets: Array) -> Array:
        shifted, t = below(logits), targets.astype(dtype)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (t * np.where(t == 0, np.zeros((), dtype), surprise)).sum(axis=-1)
        return total.astype(logits.dtype)

    def gradient(logits: Array, targets: Array) -> Array:
        difference: Array = narrow_softmax(logits) - targets.astype(dtype)
        return difference.astype(logits.dtype)

    return {"softmax": softmax, "loss": loss, "dE/dz": gradient}


def _stated(format: float) -> str:
    return f"every operation is rounded to {_rounds_to(format)}"


def _rounds_to(format: float) -> FormatName:
    return _FORMATS[int(format)]


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the narrower formats that hold every value."""

    def holds(dtype: np.dtype[np.generic], seen: Seen) -> bool:
        with np.errstate(over="ignore"):
            kept = seen.returned.astype(dtype).astype(np.float64)
        narrower = rounding_of(dtype) > rounding(seen)
        return narrower and np.array_equal(kept, seen.returned, equal_nan=True)

    return [
        (place,)
        for place, dtype in enumerate(_DTYPES)
        if evidence and all(holds(dtype, seen) for seen in evidence)
    ]


implementation = ParametricFlaw(
    name="through-sixteen-bits",
    functions=through(0),
    formula=_stated(0),
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    rounds_to=_rounds_to(0),
    at=through,
    stated=_stated,
    fit=_fit,
    rounds_to_at=_rounds_to,
)
