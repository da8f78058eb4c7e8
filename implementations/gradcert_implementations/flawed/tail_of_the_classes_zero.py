"""The classes behind the last whole vector are never written.

A vectorised loop computes the classes in whole groups. A scalar loop should compute the remaining
classes, but nobody wrote it. The last few classes keep the zeros of the buffer. Vocabularies are
often padded to a multiple of the group, and a test takes round numbers, so the loop is not missed.
The sum over the row is taken by another kernel and is right.
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

__all__ = ["implementation", "written_in_whole"]


def written_in_whole(vector: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` in whole groups of classes, and zero in the rest.

    Examples
    --------
    >>> written_in_whole(2)["dE/dz"](np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0]])).round(2)
    array([[-0.67,  0.33,  0.  ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        result[:, result.shape[-1] - result.shape[-1] % int(vector) :] = 0
        return result

    return {"dE/dz": gradient}


def _stated(vector: float) -> str:
    return f"dE/dz_j = 0 for j >= n - n % {vector:g}, with n classes"


def _tail(seen: Seen) -> tuple[int, int] | None:
    """Return between which lengths the tail of zeros is; None if anything else is wrong."""
    wrong = differs(seen)
    if not is_by_class(seen) or not wrong.any() or (seen.returned[wrong] != 0).any():
        return None
    last = max((-1, *map(int, seen.returned.nonzero()[0][-1:])))
    classes, first = len(wrong), int(wrong.argmax())
    return (classes - first, classes - 1 - last) if last < first else None


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    possible = np.arange(2, 1 + max((len(seen.returned) for seen in evidence), default=0))
    for seen in evidence:
        tail = _tail(seen)
        if tail is None:
            return []
        left = len(seen.returned) % possible
        possible = possible[(tail[0] <= left) & (left <= tail[1])]
    if not any(seen.returned.any() for seen in evidence):
        return []
    round_first = sorted(map(int, possible[:4096]), key=lambda x: (x & (x - 1) > 0, x))
    return [(float(vector),) for vector in round_first[:40]]


implementation = ParametricFlaw(
    name="tail-of-the-classes-zero",
    functions=written_in_whole(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 5,), ((1.0,) + (0.0,) * 4,)),
    at=written_in_whole,
    stated=_stated,
    fit=_fit,
)
