"""Classes beyond a block get the values of its first ones.

The index of a class is taken modulo the size of a block: a thread writes the result of its first
class to all its classes, or a tile in shared memory is read again for the next tile. The row
repeats after a block. Rows no wider than the block are right, and in a row of equal logits only the
target is at a wrong place.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    is_by_class,
)

__all__ = ["implementation", "repeated_after"]


def repeated_after(block: float) -> Mapping[QuantityName, Function]:
    """Return ``o_k - t_k`` with ``k = j mod block`` for class j.

    Examples
    --------
    >>> repeated_after(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5, -0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        return result[:, np.arange(result.shape[-1]) % int(block)]

    return {"dE/dz": gradient}


def _stated(block: float) -> str:
    return f"dE/dz_j = o_k - t_k with k = j mod {block:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the periods of the rows up to their first wrong class, round ones first."""
    possible: list[int] | None = None
    for seen in evidence:
        wrong = differs(seen)
        if not is_by_class(seen) or not wrong.any():
            return []
        returned = seen.returned
        if possible is None:
            first = int(wrong.argmax())
            (starts,) = (returned[1 : first + 1] == returned[0]).nonzero()
            # The block ends near the first wrong class, or is a round number.
            powers = [1 << k for k in range(first.bit_length())]
            near = {*map(int, starts[::-1][:200] + 1), *powers}
            possible = sorted(near, key=lambda x: (x & (x - 1) > 0, -x))
        possible = [
            block
            for block in possible
            if block < len(returned) and np.array_equal(returned[block:], returned[:-block])
        ]
    return [(float(block),) for block in (possible or [])[:40]]


implementation = ParametricFlaw(
    name="classes-repeat-after-a-block",
    functions=repeated_after(1024),
    formula=_stated(1024),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
    at=repeated_after,
    stated=_stated,
    fit=_fit,
)
