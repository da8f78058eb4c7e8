"""Which rows and numbers of a case a check tries, where it cannot try all."""

from itertools import cycle, product

import numpy as np

from gradcert.core.case import Case

__all__ = ["evenly_spaced", "telling_places"]

_BLOCKS = (128, 1024)
"""Numbers that a kernel takes at a time."""


def evenly_spaced(count: int, most: int) -> list[int]:
    """Return at most this many of the numbers below `count`, the first and the last among them.

    Examples
    --------
    >>> evenly_spaced(3, 4), evenly_spaced(100, 4)
    ([0, 1, 2], [0, 33, 66, 99])
    """
    wanted = min(count, most)
    return [round(place * (count - 1) / max(1, wanted - 1)) for place in range(wanted)]


def _telling_columns(classes: int) -> list[int]:
    """Return the first column, the last, those around the middle and beside block boundaries."""
    columns = {0, classes // 2 - 1, classes // 2, classes - 1}
    for block in _BLOCKS:
        last = (classes - 1) // block * block
        columns |= {boundary + side for boundary in (min(block, last), last) for side in (-1, 0)}
    return sorted(column for column in columns if column >= 0)


def telling_places(case: Case, *, most: int, labels_only: bool) -> list[tuple[int, int]]:
    """Return rows and columns of a case at which a kernel may go wrong, at most `most` of them.

    They are in rows that have a target. If all places are too many, rows are evenly spaced, and in
    each of them the class whose target is the largest in size is tried. The first column, the last,
    those around the middle, and those beside the first and the last boundary of blocks of 128 and
    of 1024 are tried in one of these rows each.

    Parameters
    ----------
    case
        The case.
    most
        How many places there may be, at least 13.
    labels_only
        Whether only the class whose target is the largest in size counts.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> wide = Case({"logits": np.zeros((1, 300)), "targets": np.eye(300)[[7]]}, (Regime("ties"),))
    >>> [column for _, column in telling_places(wide, most=16, labels_only=False)]
    [0, 7, 127, 128, 149, 150, 255, 256, 299]
    """
    targets = case["targets"].astype(np.float64)
    rows: list[int] = np.flatnonzero(targets.any(axis=1)).tolist()
    columns = [] if labels_only else _telling_columns(case.classes)
    if not labels_only and len(rows) * case.classes <= most:
        return list(product(rows, range(case.classes)))
    rows = [rows[place] for place in evenly_spaced(len(rows), most - len(columns))]
    labels = zip(rows, np.abs(targets[rows]).argmax(axis=1).tolist(), strict=True)
    return sorted({*labels, *zip(cycle(rows), columns, strict=False)})
