"""Arrays that lie in memory in some way, as the tests of memory layouts look at them."""

from typing import Any

import numpy as np
from subjects import case_of

from gradcert_implementations import Array

NAMES = {
    "rows narrowed from a wider array",
    "reversed rows",
    "every second row of a larger batch",
    "every second column of wider rows",
    "transposed rows",
    "read-only rows",
    "one row expanded over the batch",
    "rows not aligned to 16 bytes",
}


THREE = case_of([[0, 1, 2, 4], [3, 3, 0, 1], [-1, 0, 5, 2]], np.eye(4)[[3, 0, 1]])
"""Three unlike rows."""


def in_items(array: Array) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


def memory_of(array: Array) -> Array:
    """Return the numbers of the memory that an array is a part of, as they lie there."""
    base: Any = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    memory: Array = base.ravel(order="K")
    assert np.shares_memory(memory, array)
    return memory
