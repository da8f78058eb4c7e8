"""A row with a block of masked classes only is NaN.

An online softmax keeps a running maximum and rescales its sum whenever that grows. For a block
whose logits are all minus infinity the maximum is minus infinity too, and the difference of the two
is NaN. It stays in the running sum, and the whole row is lost. Masks of single classes are right. A
padded vocabulary or a long causal mask has such blocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen

__all__ = ["implementation", "in_blocks_of"]


def in_blocks_of(block: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, and NaN in a row where all logits of one block are -inf.

    Examples
    --------
    >>> in_blocks_of(2)["dE/dz"](np.array([[0.0, 0.0, -np.inf]]), np.array([[1.0, 0.0, 0.0]]))
    array([[nan, nan, nan]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        result: Array = powers / powers.sum(axis=-1, keepdims=True) - targets
        starts = np.arange(0, logits.shape[-1], int(block))
        masked = (np.maximum.reduceat(logits, starts, axis=-1) == -np.inf).any(axis=-1)
        result[masked] = np.nan
        return result

    return {"dE/dz": gradient}


def _stated(block: float) -> str:
    return f"dE/dz = NaN where all logits of a block of {block:g} classes are -inf"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the powers of two for which each row of NaN has a masked block, the largest first."""
    possible = [1 << k for k in range(17)]
    for seen in evidence:
        if "logits" not in seen.arguments or not np.isnan(seen.returned).all():
            return []
        masked = seen.arguments["logits"][seen.row].astype(np.float64) == -inf
        possible = [
            block
            for block in possible
            if block < len(masked)
            and np.logical_and.reduceat(masked, np.arange(0, len(masked), block)).any()
        ]
    return [(float(block),) for block in reversed(possible)] if evidence else []


implementation = ParametricFlaw(
    name="masked-block-gives-nan",
    functions=in_blocks_of(4),
    formula=_stated(4),
    source="a common slip; JAX #6811 reports NaN for rows with -inf",
    kind=FlawKind.MASK,
    links=("https://github.com/jax-ml/jax/issues/6811",),
    exposed_by=(((0.0,) + (-np.inf,) * 7,), ((1.0,) + (0.0,) * 7,)),
    at=in_blocks_of,
    stated=_stated,
    fit=_fit,
)
