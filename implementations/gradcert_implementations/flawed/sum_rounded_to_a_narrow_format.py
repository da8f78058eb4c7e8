"""The sum of exponentials is stored in a narrower format.

The exponentials are added up in a wide format, and the sum goes through a buffer of 16 bits on its
way to the second kernel. All probabilities of the row are off by one factor, by up to four parts in
a thousand in bfloat16. They still look like probabilities, and the largest is the right one. A sum
beyond the range of binary16 is infinite, and every probability is zero.
"""

from collections.abc import Iterable, Mapping, Sequence

import ml_dtypes
import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    Readings,
    agreed,
    differs,
    rounding,
    rounding_of,
    shares_of,
)

__all__ = ["implementation", "with_rounded_sum"]


_FORMATS = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "binary16": np.dtype(np.float16),
    "binary32": np.dtype(np.float32),
}

_DTYPES = tuple(_FORMATS.values())


def with_rounded_sum(format: float) -> Mapping[QuantityName, Function]:
    """Return ``exp(z_j - m) / S``, S rounded to bfloat16 (format 0), binary16 (1), binary32 (2).

    Examples
    --------
    >>> with_rounded_sum(0)["softmax"](np.array([[0.0, -6.0]])).sum()
    np.float64(1.0024787521766663)
    """
    dtype = _DTYPES[int(format)]

    def softmax(logits: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        total = powers.sum(axis=-1, keepdims=True)
        o: Array = powers / total.astype(dtype).astype(total.dtype)
        return o

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(format: float) -> str:
    return f"o_j = exp(z_j - m) / {tuple(_FORMATS)[int(format)]}(sum_k exp(z_k - m))"


def _may_be(seen: Seen) -> bool:
    shares = shares_of(seen)
    if shares is None:
        return False
    # One factor for the whole row, no further from one than a rounding allows.
    factors = Readings.of(seen, shares.shown, shares.true, shares.size)
    return any(abs(factor - 1) < 0.25 for factor in agreed([factors]))


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the formats that are narrower than the answers."""
    return [
        (place,)
        for place, dtype in enumerate(_DTYPES)
        if any(differs(seen).any() for seen in evidence)
        and all(rounding(seen) < rounding_of(dtype) for seen in evidence)
        and all(_may_be(seen) for seen in evidence)
    ]


implementation = ParametricFlaw(
    name="sum-rounded-to-a-narrow-format",
    functions=with_rounded_sum(0),
    formula=_stated(0),
    source="a common slip; in JAX #40409 another sum overflows in binary16",
    kind=FlawKind.PRECISION,
    links=("https://github.com/jax-ml/jax/issues/40409",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_rounded_sum,
    stated=_stated,
    fit=_fit,
)
