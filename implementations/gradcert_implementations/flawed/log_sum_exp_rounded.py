"""The log-sum-exp is stored in a narrower format.

A fused kernel stores one number a row for the backward pass, the log-sum-exp, and computes the
probabilities from it again. It is stored in the format of the logits or of a buffer that somebody
made small. An absolute error of the logarithm is a relative one of every probability in the row: a
log-sum-exp near ten in bfloat16 is off by three percent. The row no longer sums to zero.
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

__all__ = ["implementation", "with_rounded_log_sum_exp"]


_FORMATS = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "binary16": np.dtype(np.float16),
    "binary32": np.dtype(np.float32),
}

_DTYPES = tuple(_FORMATS.values())


def with_rounded_log_sum_exp(format: float) -> Mapping[QuantityName, Function]:
    """Return ``exp(z_j - L)``, L rounded to bfloat16 (format 0), binary16 (1) or binary32 (2).

    Examples
    --------
    >>> with_rounded_log_sum_exp(0)["softmax"](np.array([[9.0, 9.0]]))
    array([[0.50283158, 0.50283158]])
    """
    dtype = _DTYPES[int(format)]

    def softmax(logits: Array) -> Array:
        largest = logits.max(axis=-1, keepdims=True)
        total = largest + np.log(np.exp(logits - largest).sum(axis=-1, keepdims=True))
        o: Array = np.exp(logits - total.astype(dtype).astype(total.dtype))
        return o

    def gradient(logits: Array, targets: Array) -> Array:
        return softmax(logits) - targets

    return {"softmax": softmax, "dE/dz": gradient}


def _stated(format: float) -> str:
    return f"o_j = exp(z_j - {tuple(_FORMATS)[int(format)]}(ln sum_k exp(z_k)))"


def _may_be(seen: Seen) -> bool:
    shares = shares_of(seen)
    if shares is None:
        return False
    # One factor for the whole row.
    factors = Readings.of(seen, shares.shown, shares.true, shares.size)
    return bool(agreed([factors], low=0))


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
    name="log-sum-exp-rounded",
    functions=with_rounded_log_sum_exp(0),
    formula=_stated(0),
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_rounded_log_sum_exp,
    stated=_stated,
    fit=_fit,
)
