"""No target is subtracted for a label from some class on.

The class index is compared with a counter of fewer bits, or with the lanes of one block only, or it
becomes negative in a signed type. Then no class is equal to it, and the target is subtracted
nowhere. The gradient of the row is its softmax, which pushes every class down. Labels below the
limit are right, and most tests have few classes.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Domain, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    shares_of,
    targets_of,
)
from gradcert_implementations.simple_numbers import whole_between

__all__ = ["implementation", "lost_from"]


def lost_from(first: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, the target only where ``j < first``.

    Examples
    --------
    >>> lost_from(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]))
    array([[0.5, 0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        o[:, : int(first)] -= targets[:, : int(first)]
        return o

    return {"dE/dz": gradient}


def _stated(first: float) -> str:
    return f"dE/dz_j = softmax(z)_j without the target, for j >= {first:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return round numbers up to the first class whose target is missing."""
    missing: list[int] = []
    for seen in evidence:
        shares = shares_of(seen)
        targets = targets_of(seen)
        wrong = differs(seen)
        if shares is None or (seen.returned < 0)[wrong].any() or (targets == 0)[wrong].any():
            return []
        missing += [int(j) for j in wrong.nonzero()[0]]
    if not missing:
        return []
    return [(first,) for first in whole_between(0, min(missing))]


implementation = ParametricFlaw(
    name="label-lost-from-a-class-on",
    functions=lost_from(128),
    domain=Domain(targets="index"),
    formula=_stated(128),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 129,), ((0.0,) * 128 + (1.0,),)),
    at=lost_from,
    stated=_stated,
    fit=_fit,
)
