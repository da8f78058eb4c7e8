"""Operations of textbook algorithms in numpy, one at a time in a format.

Exponentials and logarithms are rounded from binary64, so that they err by less than one unit in the
last place on any processor: that is what a budget assumes of a mathematical library.
"""

from collections.abc import Callable

import numpy as np

from gradcert_oracle import (
    BFLOAT16,
    BINARY16,
    BINARY32,
    Algorithm,
    Format,
    Question,
    budgets,
    scale,
)
from gradcert_oracle.budgets import row_bounds

SIXTEEN_BITS = (BINARY16, BFLOAT16)

Total = Callable[[np.ndarray], np.generic]


def exp(x: np.ndarray) -> np.ndarray:
    return np.exp(x.astype(np.float64)).astype(x.dtype)


def exp2(x: np.ndarray) -> np.ndarray:
    return np.exp2(x.astype(np.float64)).astype(x.dtype)


def log(x: np.generic) -> np.generic:
    return np.log(x.astype(np.float64)).astype(x.dtype)


def log2(x: np.generic) -> np.generic:
    return np.log2(x.astype(np.float64)).astype(x.dtype)


def pairwise(terms: np.ndarray) -> np.generic:
    while len(terms) > 1:
        even = len(terms) // 2 * 2
        terms = np.concatenate([terms[:even:2] + terms[1:even:2], terms[even:]])
    return terms[0]


def sequential(terms: np.ndarray) -> np.generic:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


TOTALS: dict[str, Total] = {"pairwise": pairwise, "sequential": sequential}


def softmax(
    z: np.ndarray, format: Format, level: str, total: Total
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities and their logarithms; log-softmax stores these in the format."""
    largest = z.max()
    shifted = z - largest
    powers = exp(shifted)
    mass = total(powers)
    logarithms = z - (largest + log(mass)) if level == "log-sum-exp" else shifted - log(mass)
    if level == "log-softmax":
        logarithms = logarithms.astype(format.dtype).astype(z.dtype)
    return powers / mass if level in ("wide", "shifted") else exp(logarithms), logarithms


def sums_of_others(terms: np.ndarray, total: Total) -> np.ndarray:
    if len(terms) == 1:
        return np.zeros_like(terms)
    return np.array([total(np.delete(terms, j)) for j in range(len(terms))])


def arithmetics(asked: Question, algorithm: Algorithm) -> list[Format]:
    """Return the formats that a level's intermediates may be in.

    A 16-bit log-softmax may have them in binary32 or in the format, and its level is void where
    both are. If log-sum-exp in the format itself is not void, then log-softmax in the format is not
    void either, because it loses less.
    """
    format = asked.format
    if format not in SIXTEEN_BITS or algorithm.level in ("shifted", "log-sum-exp"):
        return [format]
    worse = Algorithm("log-sum-exp", algorithm.summation)
    if algorithm.level == "wide" or budgets(asked, worse) is None:
        return [BINARY32]
    return [BINARY32, format]


def complement_is_void(asked: Question, algorithm: Algorithm, inner: Format) -> bool:
    """Return whether the complement's form exceeds a quarter of the row's scale on its own."""
    bounds = row_bounds(asked, range(asked.classes), algorithm, inner)
    return any(bound > bounds.lost + scale(asked) / 4 for bound in bounds.complement.values())
