r"""Losses of elementwise outputs, where output j depends on z_j alone.

A step along z_j then changes one term of E, and the chain rule has one term:

.. math::
   o_j = \frac{1}{1 + e^{-z_j}}, \quad
   E &= -\sum_j t_j \ln o_j + (1 - t_j) \ln (1 - o_j)
      = \sum_j \ln(1 + e^{z_j}) - t_j z_j ; \\
   o_j = z_j, \quad E &= \frac12 \sum_j (o_j - t_j)^2 .

The sigmoid is the softmax of z_j and 0, so its definition along z_j is that of
:mod:`~gradcert_oracle.definitions`, with targets :math:`t_j, 1 - t_j`.
"""

import functools
from collections.abc import Sequence
from math import isfinite

from flint import arb

from gradcert_oracle.definitions import shares
from gradcert_oracle.differences import Scalar, central_differences, log_slopes
from gradcert_oracle.formats import Format
from gradcert_oracle.precision import GUARD, Enclosures, Row, refine

__all__ = ["identity_gradient", "sigmoid_gradient"]


def _check(z: Row, t: Row) -> None:
    if not z or len(z) != len(t):
        raise ValueError(f"{len(z)} logits and {len(t)} targets: need as many of each, and one")
    if not all(map(isfinite, (*z, *t))):
        raise ValueError("logits and targets must be finite")


@functools.lru_cache(maxsize=64)
def sigmoid_gradient(z: Row, t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``dE/dz_j`` of the binary cross-entropy of sigmoids, for any finite targets.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> [float(slope) for slope in sigmoid_gradient((0.0, 0.0), (1.0, 0.25), BINARY64)]
    [-0.5, 0.25]
    """
    _check(z, t)

    def evaluate(wide: Sequence[int]) -> list[arb]:
        slopes = log_slopes([shares((-abs(z[j]), 0.0), (1, 1)).own[0] for j in wide])
        return [
            1 - arb(t[j]) - slope if z[j] > 0 else slope - t[j]
            for j, slope in zip(wide, slopes, strict=True)
        ]

    return refine(evaluate, len(z), format, guard)


@functools.lru_cache(maxsize=64)
def identity_gradient(z: Row, t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``dE/dz_j`` of half the squared error of the logits themselves.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> [float(slope) for slope in identity_gradient((3.0, 0.0), (1.0, 0.0), BINARY64)]
    [2.0, 0.0]
    """
    _check(z, t)

    def evaluate(wide: Sequence[int]) -> list[arb]:
        def family(s: Scalar) -> list[Scalar]:
            return [(z[j] - arb(t[j]) + s) ** 2 / 2 for j in wide]

        return central_differences(family)

    return refine(evaluate, len(z), format, guard)
