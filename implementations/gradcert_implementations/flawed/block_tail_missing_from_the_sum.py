"""The sum of exponentials ends after the first block of classes.

A block of 1024 threads sums a row, one class per thread. Wider rows need a loop over blocks, or a
second step that adds up the partial sums of the blocks. That step is missing, or a synchronisation
is missing, and the sum is read before its last part is added. Other kernels compute the maximum and
the final division, and they are right. Every test with fewer classes passes.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    rounding,
    shares_of,
)
from gradcert_implementations.simple_numbers import whole_between

__all__ = ["implementation", "summed_over"]


def summed_over(block: float) -> Mapping[QuantityName, Function]:
    """Return ``exp(z_j - m) / S - t_j``, with S the sum over the first classes only.

    Examples
    --------
    >>> summed_over(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 1.]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        with np.errstate(all="ignore"):  # A block may be masked.
            o: Array = powers / powers[:, : int(block)].sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(block: float) -> str:
    return f"o_j = exp(z_j - m) / sum_k exp(z_k - m), over k < {block:g} only"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the numbers of classes whose sum is too small by the factor that the shares show."""
    possible: dict[int, None] | None = None
    for seen in evidence:
        shares = shares_of(seen)
        if shares is None:
            return []
        largest = int(shares.true.argmax())
        if not shares.shown[largest] > shares.true[largest]:
            return []
        part = shares.true[largest] / shares.shown[largest]
        error = 16 * rounding(seen) * shares.size[largest] / shares.true[largest]
        summed = np.cumsum(shares.true)[:-1]
        near = (abs(summed - part) <= error * (part + error)).nonzero()[0] + 1
        if not len(near):
            return []
        round_first = whole_between(int(near[0]) - 1, int(near[-1]))
        found = [x for x in [*round_first, *map(int, near[:1000])] if x in near]
        possible = dict.fromkeys(x for x in found if possible is None or x in possible)
    return [(float(block),) for block in [*(possible or ())][:40]]


implementation = ParametricFlaw(
    name="block-tail-missing-from-the-sum",
    functions=summed_over(1024),
    formula=_stated(1024),
    source="reported in Paddle PR 21480",
    kind=FlawKind.SIZE,
    links=("https://github.com/PaddlePaddle/Paddle/pull/21480",),
    exposed_by=(((0.0,) * 1025,), ((1.0,) + (0.0,) * 1024,)),
    at=summed_over,
    stated=_stated,
    fit=_fit,
)
