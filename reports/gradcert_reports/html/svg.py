"""A matplotlib figure as SVG inside a page, with the colours, the font and the ids of the page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

from matplotlib import style
from matplotlib.figure import Figure

from gradcert_reports.text.escape import well_formed

__all__ = ["INK", "canvas", "inline", "look"]

INK = "#010203"
"""This colour is replaced by the colour of the text around the picture."""

_LOOK = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.titlesize": 12.5,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.size": 11,
    "grid.alpha": 0.16,
    "grid.color": INK,
    "grid.linewidth": 0.8,
    "hatch.color": INK,
    "hatch.linewidth": 0.7,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "gradcert",
    "text.color": INK,
    "text.parse_math": False,  # a name may hold a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
}

_UNITS = 72
"""Units of an inch in matplotlib's SVG. A unit is a pixel if the picture is not scaled."""

_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_FONT = re.compile(r"font-family: [^;]*;? ?")
_LONG = re.compile(r"-?\d+\.\d{3,}")


@contextmanager
def look() -> Iterator[None]:
    """Draw with the settings of the page, and ignore those of the reader's matplotlib."""
    with warnings.catch_warnings(), style.context(["default", _LOOK]):
        # The browser draws the text, and has the glyphs that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure with a size in pixels of the page."""
    return Figure((width / _UNITS, height / _UNITS))


def _local(name: str) -> str:
    """Return a tag or an attribute without its XML name space, which HTML does not use."""
    return name.rpartition("}")[2]


def _short(text: str) -> str:
    """Return coordinates to a hundredth of a pixel, on one line."""
    folded = " ".join(text.split())
    return _LONG.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), folded)


def _references(root: ElementTree.Element) -> set[str]:
    """Return the ids that something in the picture refers to."""
    found: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if _local(name) == "href":
                found.add(value.removeprefix("#"))
            found.update(_REFERENCE.findall(value))
    return found


def _attributes(
    element: ElementTree.Element, prefix: str, kept: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield the attributes that an element has inside the page."""
    for key, value in element.attrib.items():
        match _local(key):
            case "id":
                if value in kept:
                    yield "id", prefix + value
            case "href":
                yield "href", f"#{prefix}{value.removeprefix('#')}"
            case "style":
                styles = _FONT.sub("", value).replace(INK, "currentColor")
                yield "style", _REFERENCE.sub(rf"url(#{prefix}\1)", styles)
            case "transform" if value.startswith("rotate(-0 "):
                pass
            case name:
                yield name, _REFERENCE.sub(rf"url(#{prefix}\1)", _short(value))


def _adapt(root: ElementTree.Element, prefix: str) -> None:
    """Remove from a picture what does not belong into a page, and adapt the rest."""
    kept = _references(root)
    for element in list(root.iter()):
        for child in list(element):
            # The metadata has the date, and the style sheet would change the whole page.
            if _local(child.tag) in ("metadata", "style"):
                element.remove(child)
        attributes = dict(_attributes(element, prefix, kept))
        element.attrib.clear()
        element.attrib.update(attributes)
        element.tag = _local(element.tag)
        element.tail = None
        if element.tag != "text":
            element.text = None


def _hoist(group: ElementTree.Element) -> None:
    """Set the style of equal marks once, on their group: a picture has thousands of marks."""
    styles = {child.get("style") for child in group}
    if len(group) > 1 and len(styles) == 1 and all(child.tag == "use" for child in group):
        group.attrib |= {"style": group[0].get("style", "")}
        for child in group:
            child.attrib.pop("style", None)


def inline(figure: Figure, label: str, prefix: str) -> str:
    """Return a figure as one ``<svg>`` element for the inside of a page.

    Parameters
    ----------
    figure
        The figure, drawn within :func:`look`. This function must be called there too.
    label
        What the figure shows, in words, for readers who do not see it; empty if the text beside it
        says so.
    prefix
        The start of every id, so that no two pictures of a page share one.

    Examples
    --------
    >>> with look():
    ...     shown = inline(canvas(72, 36), "nothing", "p-")
    >>> shown[:shown.index(">")]
    '<svg viewBox="0 0 72 36" width="72" height="36" role="img" aria-label="nothing"'
    """
    file = io.BytesIO()
    figure.savefig(file, format="svg", dpi=_UNITS)
    root = ElementTree.fromstring(well_formed(file.getvalue().decode()))
    _adapt(root, prefix)
    for element in root.iter():
        _hoist(element)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.clear()
    root.attrib |= {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    root.attrib |= {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return ElementTree.tostring(root, encoding="unicode")
