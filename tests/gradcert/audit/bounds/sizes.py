"""The sizes of right values, counted by decades."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from gradcert_implementations import Array

__all__ = ["Sizes"]


@dataclass
class Sizes:
    """How many values there are of each size.

    Attributes
    ----------
    decades
        From the exponent of the power of ten below a size to the number of values.
    zeros
        The number of zeros.
    below
        The number of values whose size is at most a tolerance.
    count
        The number of all values.
    largest
        The largest size.

    Examples
    --------
    >>> sizes = Sizes()
    >>> sizes.add(np.array([0.0, 0.02, -0.5]), tolerance=0.1)
    >>> dict(sizes.decades), sizes.zeros, sizes.below, sizes.count, sizes.largest
    ({-2: 1, -1: 1}, 1, 2, 3, 0.5)
    """

    decades: Counter[int] = field(default_factory=Counter)
    zeros: int = 0
    below: int = 0
    count: int = 0
    largest: float = 0.0

    def add(self, values: Array, tolerance: float) -> None:
        """Count more values."""
        found = abs(values).ravel()
        some = found[found > 0]
        exponents, counts = np.unique(np.floor(np.log10(some)).astype(int), return_counts=True)
        self.decades.update(dict(zip(exponents.tolist(), counts.tolist(), strict=True)))
        self.zeros += found.size - some.size
        self.below += int((found <= tolerance).sum())
        self.count += found.size
        self.largest = max(self.largest, float(found.max(initial=0.0)))
