"""The last classes of a row are never written.

The loop over the classes ends a little early: it takes a whole vector only while one more fits, or
its bound is short by one. The last classes keep the zeros of the buffer, in rows of any length. The
sum over the row is taken by another kernel and is right. A test that prints the first values and
the largest sees nothing.
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
from gradcert_implementations.simple_numbers import whole_between

__all__ = ["implementation", "written_but"]


def written_but(count: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, and zero in the last classes.

    Examples
    --------
    >>> written_but(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0. ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        result[:, max(0, result.shape[-1] - int(count)) :] = 0
        return result

    return {"dE/dz": gradient}


def _stated(count: float) -> str:
    return f"dE/dz_j = 0 for the last {count:g} classes"


def _tail(seen: Seen) -> tuple[int, int] | None:
    """Return between which lengths the tail of zeros is; None if anything else is wrong."""
    wrong = differs(seen)
    if not is_by_class(seen) or not wrong.any() or (seen.returned[wrong] != 0).any():
        return None
    last = max((-1, *map(int, seen.returned.nonzero()[0][-1:])))
    classes, first = len(wrong), int(wrong.argmax())
    return (classes - first, classes - 1 - last) if last < first else None


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    least, most = 0, 1 << 62
    for seen in evidence:
        tail = _tail(seen)
        if tail is None:
            return []
        # In a shorter row than the count all classes are zero, and the tail has no upper bound.
        least = max(least, tail[0])
        most = min(most, tail[1]) if tail[1] < len(seen.returned) else most
    # More zeros than half of the longest row, or nothing else, are no matter of its end.
    longest = max((len(seen.returned) for seen in evidence), default=0)
    if not any(seen.returned.any() for seen in evidence) or 2 * least > longest:
        return []
    return [(float(x),) for x in whole_between(least - 1, min(most, 2 * least))]


implementation = ParametricFlaw(
    name="last-classes-zero",
    functions=written_but(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 4,), ((1.0,) + (0.0,) * 3,)),
    at=written_but,
    stated=_stated,
    fit=_fit,
)
