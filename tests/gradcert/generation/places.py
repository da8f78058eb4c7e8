"""Places in a row: the first class, the last, and those beside a boundary of a block."""

import functools

import numpy as np

from gradcert_implementations import Array

__all__ = ["blocks", "names", "places"]


@functools.lru_cache(1 << 12)
def blocks(classes: int) -> tuple[int, ...]:
    """Return the powers of two from 4 up that end inside a row of this length.

    Examples
    --------
    >>> blocks(17)
    (4, 8, 16)
    """
    most = max(classes - 1, 1).bit_length()
    return tuple(block for k in range(2, most) if (block := 1 << k) < classes)


def places(classes: int) -> Array:
    """Return the first class, the last, and both sides of the first and last end of each block.

    Examples
    --------
    >>> places(11).tolist()
    [0, 3, 4, 7, 8, 10]
    """
    ends = {end for block in blocks(classes) for end in (block, (classes - 1) // block * block)}
    found = {0, classes - 1} | ends | {end - 1 for end in ends}
    return np.array(sorted(found))


@functools.lru_cache(1 << 16)
def names(place: int, classes: int) -> tuple[str, ...]:
    """Return what is special about a place in a row.

    Examples
    --------
    >>> names(16, 17)
    ('in the last class', 'beside the end of a block of 4', ... 'beside the end of a block of 16')
    >>> names(1, 17)
    ('elsewhere',)
    """
    found = ["in the first class"] if place == 0 else []
    found += ["in the last class"] if place == classes - 1 else []
    found += [
        f"beside the end of a block of {block}"
        for block in blocks(classes)
        if (place % block == 0 and place) or ((place + 1) % block == 0 and place + 1 < classes)
    ]
    return tuple(found) or ("elsewhere",)
