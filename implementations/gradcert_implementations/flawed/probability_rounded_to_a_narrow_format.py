"""Probabilities rounded to a narrow format before the target is subtracted.

A kernel keeps the probabilities in bfloat16 or another narrow format to save memory, and subtracts
the one later. For a confident network the difference is all rounding error: 20 % of the gradient at
a probability of 0.99, and 100 % at 0.999. In bfloat16 itself the textbook's softmax does the same
and only misses the level ``wide``. Here binary32 is promised.
"""

from collections.abc import Iterable, Mapping, Sequence

import ml_dtypes
import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    rounding,
    rounding_of,
    shares_of,
)

__all__ = ["implementation", "rounded_to"]


_FORMATS = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "binary16": np.dtype(np.float16),
    "binary32": np.dtype(np.float32),
}

_DTYPES = tuple(_FORMATS.values())


def rounded_to(format: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, with o_j rounded to bfloat16 (format 0), binary16 (1) or binary32 (2).

    Examples
    --------
    >>> rounded_to(0)["dE/dz"](np.array([[1, 0]], np.float32), np.array([[1, 0]], np.float32))
    array([[-0.26953125,  0.26953125]], dtype=float32)
    """
    dtype = _DTYPES[int(format)]

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o = powers / powers.sum(axis=-1, keepdims=True)
        difference: Array = o.astype(dtype).astype(o.dtype) - targets
        return difference

    return {"dE/dz": gradient}


def _stated(format: float) -> str:
    return f"dE/dz_j = {tuple(_FORMATS)[int(format)]}(o_j) - t_j"


def _may_be(dtype: np.dtype[np.generic], seen: Seen) -> bool:
    shares = shares_of(seen)
    if shares is None:
        return False
    with np.errstate(all="ignore"):
        kept = shares.shown.astype(dtype).astype(np.float64)
        # The difference was rounded once more, in the format of the answer.
        return bool((abs(kept - shares.shown) <= 4 * rounding(seen) * shares.size).all())


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the formats that are narrower than the answers, and hold the probabilities."""
    return [
        (place,)
        for place, dtype in enumerate(_DTYPES)
        if any(differs(seen).any() for seen in evidence)
        and all(rounding(seen) < rounding_of(dtype) for seen in evidence)
        and all(_may_be(dtype, seen) for seen in evidence)
    ]


implementation = ParametricFlaw(
    name="probability-rounded-to-a-narrow-format",
    functions=rounded_to(0),
    formats=("binary32", "binary64"),
    formula=_stated(0),
    source="reported in Liger-Kernel #1268",
    kind=FlawKind.PRECISION,
    links=("https://github.com/linkedin/Liger-Kernel/issues/1268",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=rounded_to,
    stated=_stated,
    fit=_fit,
)
