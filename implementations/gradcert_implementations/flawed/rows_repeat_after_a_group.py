"""A row beyond a group of rows gets the answer of another row.

The index of a row is taken modulo the size of a group: a block reads the row of its number within
the grid, or a buffer holds so many rows and is read again from its start. Rows beyond it get the
answers of the first rows. Each answer is a right gradient, of another row. Batches no larger than
the group are right.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    is_by_class,
    rounding,
)

__all__ = ["implementation", "repeated_rows"]


def repeated_rows(rows: float) -> Mapping[QuantityName, Function]:
    """Return the right answer of row ``r mod rows`` for row r.

    Examples
    --------
    >>> repeated_rows(1)["dE/dz"](np.zeros((2, 2)), np.eye(2))
    array([[-0.5,  0.5],
           [-0.5,  0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        return result[np.arange(len(result)) % int(rows)]

    return {"dE/dz": gradient}


def _stated(rows: float) -> str:
    return f"the answer to row r is that of row r mod {rows:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the sizes of groups for which each row has the answer of its remainder."""
    possible: set[int] | None = None
    for seen in evidence:
        if {"logits", "targets"} - set(seen.arguments) or not is_by_class(seen):
            return []
        before = seen.arguments["logits"][: seen.row].astype(np.float64)
        targets = seen.arguments["targets"][: seen.row].astype(np.float64)
        powers = np.exp(before - before.max(axis=-1, keepdims=True, initial=-1e308))
        o = powers / powers.sum(axis=-1, keepdims=True)
        error = 64 * rounding(seen) * (o + targets)
        same = (abs(o - targets - seen.returned) <= error).all(axis=-1).nonzero()[0]
        # The other row is the remainder, so the size is a divisor of the distance, and larger.
        sizes: set[int] = set()
        for other in same[:100]:
            larger = np.arange(other + 1, seen.row - other + 1)
            sizes |= {*map(int, larger[(seen.row - other) % larger == 0])}
        possible = sizes if possible is None else possible & sizes
    round_first = sorted(possible or (), key=lambda x: (x & (x - 1) > 0, -x))
    return [(float(rows),) for rows in round_first[:40]]


implementation = ParametricFlaw(
    name="rows-repeat-after-a-group",
    functions=repeated_rows(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((1.0, 0.0),) + ((0.0, 0.0),) * 4, ((1.0, 0.0),) * 5),
    at=repeated_rows,
    stated=_stated,
    fit=_fit,
)
