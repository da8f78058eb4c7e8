"""The gradient of classes above a block size is never written.

The kernel that writes the gradient starts one thread per class, and a block has at most 1024
threads. The loop in which a thread takes further classes is missing, or the mask of the last block
is wrong. All classes above keep the zero with which the buffer was filled. The sum over the classes
is right, so the first 1024 values are right to the last digit.
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

__all__ = ["implementation", "written_below"]


def written_below(block: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j`` for the first classes and 0 for all classes above.

    Examples
    --------
    >>> written_below(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0. ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        result[:, int(block) :] = 0
        return result

    return {"dE/dz": gradient}


def _stated(block: float) -> str:
    return f"dE/dz_j = 0 for j >= {block:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return round numbers above the last value but zero, up to the first that should not be."""
    last, first = -1, None
    for seen in evidence:
        wrong = differs(seen)
        if not is_by_class(seen) or (seen.returned[wrong] != 0).any() or not wrong.any():
            return []
        last = max([last, *map(int, seen.returned.nonzero()[0][-1:])])
        here = int(wrong.argmax())
        first = here if first is None else min(first, here)
    return [(float(block),) for block in whole_between(last, first or 0)] if last >= 0 else []


implementation = ParametricFlaw(
    name="classes-above-a-block-skipped",
    functions=written_below(1024),
    formula=_stated(1024),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
    at=written_below,
    stated=_stated,
    fit=_fit,
)
