"""The rows behind the last whole group are never computed.

A kernel takes several rows at once, as many as fit into a block, and the launch rounds their number
down. The rows that are left keep the zeros of the buffer. A batch smaller than a group has a path
of its own. Batches are mostly powers of two, and the last one of an epoch, which is not, is often
dropped. So it shows only in the evaluation, or with sequences of odd lengths.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen

__all__ = ["implementation", "in_groups_of"]


def in_groups_of(rows: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` in whole groups of rows, and zero in the rows that are left.

    Examples
    --------
    >>> in_groups_of(2)["dE/dz"](np.zeros((3, 2)), np.array([[1.0, 0.0]] * 3))
    array([[-0.5,  0.5],
           [-0.5,  0.5],
           [ 0. ,  0. ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        if len(result) >= rows:
            result[len(result) - len(result) % int(rows) :] = 0
        return result

    return {"dE/dz": gradient}


def _stated(rows: float) -> str:
    return f"dE/dz = 0 in the last B % {rows:g} rows of a batch of B >= {rows:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the sizes of groups that leave each row of zeros behind."""
    possible = np.arange(2, 2050)
    for seen in evidence:
        if seen.returned.any():
            return []
        batch = len(next(iter(seen.arguments.values())))
        possible = possible[(possible <= batch) & (seen.row >= batch - batch % possible)]
    round_first = sorted(map(int, possible), key=lambda x: (x & (x - 1) > 0, x))
    return [(float(rows),) for rows in round_first[:40]] if evidence else []


implementation = ParametricFlaw(
    name="tail-of-the-rows-zero",
    functions=in_groups_of(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0, 0.0),) * 5, ((1.0, 0.0),) * 5),
    at=in_groups_of,
    stated=_stated,
    fit=_fit,
)
