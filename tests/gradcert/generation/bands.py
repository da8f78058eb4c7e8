"""Bands of numbers, without gaps: from each of them the plan draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log, log2

import numpy as np

from gradcert_oracle import Format

__all__ = ["Band", "differences", "magnitudes", "probabilities"]

_DENSE, _WIDTH = -40.0, 0.25
"""Two numbers from neighbouring bands of this width differ by at most a half."""

_BEYOND = 64
"""Bands of the differences below that, of equal width."""


@dataclass(frozen=True)
class Band:
    """The numbers from low to high."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g}"


def _between(edges: Iterator[float]) -> tuple[Band, ...]:
    return tuple(Band(low, high) for low, high in pairwise(edges))


def differences(format: Format) -> tuple[Band, ...]:
    """Return bands of d = z - max z: all of the range in which exp(d) is a number of the format.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16, BINARY32
    >>> [str(band) for band in differences(BINARY16)[:2]], len(differences(BINARY16))
    (['-16.64 to -16.39', '-16.39 to -16.14'], 67)
    >>> print(differences(BINARY32)[0], "and", differences(BINARY32)[-1])
    -103.3 to -102.3 and -0.25 to 0
    """
    lowest = log(format.smallest_subnormal)
    dense = max(lowest, _DENSE)
    edges = np.linspace(dense, 0, ceil(-dense / _WIDTH) + 1).tolist()
    if lowest < dense:
        edges = np.linspace(lowest, dense, _BEYOND, endpoint=False).tolist() + edges
    return _between(edges)


def magnitudes(largest: float) -> tuple[Band, ...]:
    """Return bands of the sizes of logits, from 2^-10 to the largest, each up to twice its start.

    Examples
    --------
    >>> [str(band) for band in magnitudes(12.0)][-2:]
    ['4 to 8', '8 to 12']
    >>> magnitudes(2.0**-12)
    (Band(low=0.0, high=0.000244140625),)
    """
    edges = [2.0**k for k in range(-10, ceil(log2(largest)))]
    return _between(iter([*(edges or [0.0]), largest]))


def probabilities(format: Format) -> tuple[Band, ...]:
    """Return bands of the binary logarithm of a probability o, as long as 1 / o is in range.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16
    >>> [str(band) for band in probabilities(BINARY16)]
    ['-8 to -7', '-7 to -6', '-6 to -5', '-5 to -4', '-4 to -3', '-3 to -2', '-2 to -1', '-1 to 0']
    """
    lowest = log2(64 * format.smallest_normal)
    width = max(1.0, -lowest / 100)
    return _between(iter(np.linspace(lowest, 0, round(-lowest / width) + 1).tolist()))
