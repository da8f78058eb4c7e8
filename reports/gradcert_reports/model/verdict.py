"""The verdicts: their order, their words and how they look, for every renderer."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Colours", "Verdict", "counts", "worst"]


class Colours(NamedTuple):
    """The colours of a verdict.

    Attributes
    ----------
    terminal
        A colour that rich knows.
    badge
        The ground of the badge. White text on it has a contrast above 4.5 to 1.
    light, dark
        The text and the ground behind it, on a light and on a dark page.
    """

    terminal: str
    badge: str
    light: tuple[str, str]
    dark: tuple[str, str]


_GREEN = Colours("green", "#26702a", ("#00583f", "#e2f3ec"), ("#6fd6b0", "#12332a"))
_GREY = Colours("yellow", "#8a5300", ("#4b515b", "#e9ebef"), ("#bcc2cc", "#2a2e36"))
_PURPLE = Colours("red", "#b3261e", ("#86275f", "#fae7f2"), ("#f09cca", "#3d1730"))
_ORANGE = Colours("red", "#b3261e", ("#9a3300", "#fdebe0"), ("#ffa273", "#40200f"))


class Verdict(StrEnum):
    """A verdict on an implementation or on one check of it. It equals its word.

    ``conforms``: every check passed. ``not supported``: it raised NotImplementedError for something
    that it claims. ``incomplete``: a check has not run. ``broken``: it raised another error, or
    returned the wrong type, shape or dtype. ``refuted``: a check found a case that contradicts what
    it claims.

    Examples
    --------
    >>> Verdict.REFUTED
    'refuted'
    >>> Verdict.REFUTED.severity > Verdict.BROKEN.severity
    True
    """

    _value_: str

    plural: str
    """The word for several implementations."""

    glyph: str
    """One character that distinguishes the verdicts without colour."""

    colours: Colours
    """The colours in every report."""

    severity: int
    """The place in the order from the best verdict, 0, to the worst."""

    CONFORMS = "conforms", "conform", "✓", _GREEN
    NOT_SUPPORTED = "not supported", "not supported", "\N{EN DASH}", _GREY
    INCOMPLETE = "incomplete", "incomplete", "…", _GREY
    BROKEN = "broken", "broken", "!", _PURPLE
    REFUTED = "refuted", "refuted", "✗", _ORANGE

    def __new__(cls, word: str, plural: str, glyph: str, colours: Colours) -> "Verdict":
        """Make a verdict that equals its word."""
        verdict = str.__new__(cls, word)
        verdict._value_ = word
        verdict.plural, verdict.glyph, verdict.colours = plural, glyph, colours
        verdict.severity = len(cls.__members__)
        return verdict

    def __repr__(self) -> str:
        return repr(self.value)

    @property
    def slug(self) -> str:
        """The word as the name of a CSS class."""
        return self.value.replace(" ", "-")

    @property
    def wrong(self) -> bool:
        """Whether a fault was found: ``refuted`` or ``broken``."""
        return self in (Verdict.REFUTED, Verdict.BROKEN)

    def predicate(self, count: int) -> str:
        """Return the predicate of a sentence about `count` implementations.

        Returns
        -------
        A verb, or a verb and an adjective, in the number of `count`.

        Examples
        --------
        >>> Verdict.CONFORMS.predicate(2), Verdict.REFUTED.predicate(1)
        ('conform', 'is refuted')
        """
        if self is Verdict.CONFORMS:
            return self.value if count == 1 else self.plural
        return f"is {self.value}" if count == 1 else f"are {self.plural}"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; ``conforms`` if there is none.

    Returns
    -------
    One of the verdicts.

    Examples
    --------
    >>> worst([Verdict.BROKEN, Verdict.CONFORMS])
    'broken'
    """
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.CONFORMS)


def counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """Return how often each verdict occurs: ``conforms`` first, then the worst first.

    Examples
    --------
    >>> counts([Verdict.BROKEN, Verdict.CONFORMS, Verdict.REFUTED, Verdict.BROKEN])
    {'conforms': 1, 'refuted': 1, 'broken': 2}
    """
    found = list(verdicts)
    best, *others = Verdict
    order = (best, *reversed(others))
    return {verdict: found.count(verdict) for verdict in order if verdict in found}
