"""No target is subtracted in the tail behind the last whole vector.

A vectorised loop computes the classes in whole groups, and a scalar loop computes the remaining
classes. Only the first loop subtracts the target. A label among the last few classes leaves its row
with the softmax for a gradient, which pushes every class down. It shows only if the number of
classes is no multiple of the group, and if the label is one of the last.
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

__all__ = ["implementation", "without_target_in_the_tail"]


def without_target_in_the_tail(vector: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, the target only in whole groups of classes.

    Examples
    --------
    >>> without_target_in_the_tail(2)["dE/dz"](np.array([[0.0, -np.inf, 0.0]]), np.eye(3)[2:])
    array([[0.5, 0. , 0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        end = o.shape[-1] - o.shape[-1] % int(vector)
        o[:, :end] -= targets[:, :end]
        return o

    return {"dE/dz": gradient}


def _stated(vector: float) -> str:
    return f"dE/dz_j = softmax(z)_j without the target, for j >= n - n % {vector:g}, with n classes"


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
    possible = np.arange(2, 1 + max((len(seen.returned) for seen in evidence), default=0))
    for seen in evidence:
        first = _first_missing(seen)
        if first is None:
            return []
        classes = len(seen.returned)
        possible = possible[first >= classes - classes % possible]
    round_first = sorted(map(int, possible[:4096]), key=lambda x: (x & (x - 1) > 0, x))
    return [(float(vector),) for vector in round_first[:40]]


implementation = ParametricFlaw(
    name="target-missing-in-the-tail",
    functions=without_target_in_the_tail(4),
    formula=_stated(4),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 5,), ((0.0,) * 4 + (1.0,),)),
    at=without_target_in_the_tail,
    stated=_stated,
    fit=_fit,
)
