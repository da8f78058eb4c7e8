"""Rows beyond the size of the grid are never computed.

The simplest launch has one thread per row in one block, and a block has at most 1024 threads. A
longer batch is cut off there, or the launch fails and nobody checks its error. In both cases the
rows beyond keep the zeros of the buffer. Tests with a few dozen rows pass, and so do all checks of
single rows.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.simple_numbers import whole_between

__all__ = ["computed_below", "implementation"]


def computed_below(rows: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` for the first rows and 0 for all rows beyond.

    Examples
    --------
    >>> computed_below(1)["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [ 0. ,  0. ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        result[int(rows) :] = 0
        return result

    return {"dE/dz": gradient}


def _stated(rows: float) -> str:
    return f"dE/dz = 0 in rows {rows:g} and above"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return round numbers up to the first row of zeros."""
    if any(seen.returned.any() for seen in evidence):
        return []
    first = min((seen.row for seen in evidence), default=0)
    return [(float(rows),) for rows in whole_between(0, first)]


implementation = ParametricFlaw(
    name="rows-beyond-the-grid",
    functions=computed_below(1024),
    formula=_stated(1024),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),) * 1025, ((1.0, 0.0),) * 1025),
    at=computed_below,
    stated=_stated,
    fit=_fit,
)
