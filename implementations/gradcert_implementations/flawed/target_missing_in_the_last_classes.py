"""No target is subtracted in the last classes of a row.

The loop over the classes ends a little early: it takes whole vectors while at least one more fits,
or its bound is short by one. The probabilities come from another kernel and are right everywhere. A
label in the last few classes is never met, and its row has the softmax for a gradient, which pushes
every class down. All other labels are right.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    shares_of,
    targets_of,
)

__all__ = ["implementation", "without_target_at_the_end"]


def without_target_at_the_end(count: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, without the target in the last classes.

    Examples
    --------
    >>> without_target_at_the_end(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([[0.5, 0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        end = max(0, o.shape[-1] - int(count))
        o[:, :end] -= targets[:, :end]
        return o

    return {"dE/dz": gradient}


def _stated(count: float) -> str:
    return f"dE/dz_j = softmax(z)_j without the target, for the last {count:g} classes"


def _first_missing(seen: Seen) -> int | None:
    """Return the first class whose target is missing; None if anything else is wrong."""
    shares = shares_of(seen)
    wrong = differs(seen)
    if shares is None or not wrong.any():
        return None
    if (seen.returned < 0)[wrong].any() or (targets_of(seen) == 0)[wrong].any():
        return None
    return int(wrong.argmax())


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    count = 0
    for seen in evidence:
        first = _first_missing(seen)
        if first is None:
            return []
        count = max(count, len(seen.returned) - first)
    # A group is as wide as a power of two; the last classes that are seen may not be all of it.
    # A target that is missing in more than half of the longest row is no matter of its end.
    if 2 * count > max((len(seen.returned) for seen in evidence), default=0):
        return []
    counts = dict.fromkeys([count, 1 << (count - 1).bit_length()]) if count else {}
    return [(float(x),) for x in counts]


implementation = ParametricFlaw(
    name="target-missing-in-the-last-classes",
    functions=without_target_at_the_end(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 4,), ((0.0,) * 3 + (1.0,),)),
    at=without_target_at_the_end,
    stated=_stated,
    fit=_fit,
)
