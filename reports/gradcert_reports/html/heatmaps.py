"""The pictures of a Jacobian: the true one, and the one that the returned values imply."""

from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from gradcert_reports.html.svg import INK, canvas, inline, look
from gradcert_reports.model.results import Jacobian
from gradcert_reports.model.rows import Numbers

__all__ = ["Heatmaps", "heatmaps"]

_POSITIVE, _NEGATIVE = "#0072B2", "#D55E00"
"""Okabe and Ito's: colour-blind readers can distinguish them. Zero has the page's own colour."""

_DEEPEST = 0.5
"""Opacity of the largest entry; the number on it stays legible on a light and on a dark page."""

_WRITTEN = 6
"""The most classes with which the entries are written out."""

_MOST = 12
"""The most classes with which there is a picture."""

_SEEN = 1e-3
"""A difference that a picture shows, as a fraction of the largest true entry."""

_LEFT, _TOP = 36, 28
"""Pixels for the names of the outputs and for the title."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Heatmaps:
    """The two pictures of a Jacobian, ready for the page.

    Attributes
    ----------
    true, returned
        The pictures.
    largest
        The largest entry in absolute value, which has the deepest colour.
    differing, missing
        How many entries differ visibly, and how many of those are zero by mistake.
    """

    true: str
    returned: str
    largest: float
    differing: int
    missing: int


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def _matrix(numbers: Numbers) -> _Matrix:
    return tuple(tuple(map(_number, row)) for row in numbers)


def _written(value: float, digits: int) -> str:
    """Return the text of an entry.

    Examples
    --------
    >>> _written(-0.25, 3), _written(-0.0, 3), _written(0.00123456, 2)
    ('-0.25', '0', '0.0012')
    """
    return f"{value + 0.0:.{digits}g}"


def _named(letter: str, place: int) -> str:
    """Return the name of an output or a logit.

    Examples
    --------
    >>> _named("o", 0), _named("z", 11)
    ('o₀', 'z₁₁')
    """
    return letter + str(place).translate(_SUBSCRIPTS)


def _cell(x: float, y: float, side: float, **look: Any) -> Rectangle:
    """Return a square about a point."""
    return Rectangle((x - side / 2, y - side / 2), side, side, **look)


def _draw(axes: Axes, matrix: _Matrix, true: _Matrix, largest: float, side: int) -> None:
    """Draw the entries, with a frame around wrong ones and hatching on missing ones."""
    n = len(matrix)
    centres = [side * (i + 0.5) for i in range(n)]
    for place, along in enumerate(centres):
        axes.text(
            _LEFT + along,
            _TOP + side * n + 13,
            _named("z", place),
            ha="center",
            va="center",
            fontsize=13,
        )
        axes.text(_LEFT - 9, _TOP + along, _named("o", place), ha="right", va="center", fontsize=13)
    frames = []
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            x, y = _LEFT + centres[j], _TOP + centres[i]
            depth = _DEEPEST * min(1, abs(value) / largest) if isfinite(value) else 0
            colour = to_rgba(_NEGATIVE if value < 0 else _POSITIVE, depth)
            axes.add_patch(_cell(x, y, side, facecolor=colour, edgecolor=INK, linewidth=0.2))
            if _differs(value, true[i][j], largest):
                frames.append(_cell(x, y, side - 6, fill=False, edgecolor=INK, linewidth=2.2))
                if value == 0:
                    hatched = {"fill": False, "hatch": "///", "linewidth": 0, "alpha": 0.35}
                    axes.add_patch(_cell(x, y, side, **hatched))
            if n <= _WRITTEN:
                entry = _written(value, 3 if n <= 4 else 2)
                axes.text(x, y, entry, ha="center", va="center", fontsize=14 if n <= 4 else 12)
    for frame in frames:
        axes.add_patch(frame)


def _picture(title: str, matrix: _Matrix, true: _Matrix, largest: float, name: str) -> str:
    n = len(matrix)
    side = 34 if n > _WRITTEN else max(60, 180 // n)
    width, height = max(_LEFT + side * n + 4, 220), _TOP + side * n + 26
    figure = canvas(width, height)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    axes.text(_LEFT, 12, title, weight="bold", va="center", fontsize=12.5)
    _draw(axes, matrix, true, largest, side)
    entries = "; ".join(", ".join(_written(value, 3) for value in row) for row in matrix)
    return inline(figure, f"Jacobian, {title}, row by row: {entries}", name)


def _differs(value: float, true: float, largest: float) -> bool:
    return not abs(value - true) <= _SEEN * largest


def heatmaps(jacobian: Jacobian, name: str) -> Heatmaps | None:
    """Return the two pictures of a Jacobian, with one scale of colours.

    Parameters
    ----------
    jacobian
        The Jacobian.
    name
        The start of the ids in the pictures.

    Returns
    -------
    None unless both versions are square, of the same size and small enough to read, and the true
    one has finite numbers.
    """
    true, returned = _matrix(jacobian.true), _matrix(jacobian.returned)
    n = len(true)
    lengths = {n, len(returned), *map(len, true), *map(len, returned)}
    entries = [value for row in true for value in row]
    largest = max(map(abs, entries), default=0)
    if lengths != {n} or n > _MOST or not all(map(isfinite, entries)) or not 0 < largest < 1e300:
        return None
    pairs = [
        (b, a)
        for one, other in zip(true, returned, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    wrong = [value for value, truth in pairs if _differs(value, truth, largest)]
    with look():
        return Heatmaps(
            _picture("true", true, true, largest, f"{name}t-"),
            _picture("implied", returned, true, largest, f"{name}r-"),
            largest,
            len(wrong),
            wrong.count(0),
        )
