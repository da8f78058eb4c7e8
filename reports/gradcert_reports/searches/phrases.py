"""The phrases of a search, for all pages."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from gradcert_reports.model.rows import Row, length, texts
from gradcert_reports.searches.records import Bound, ClaimSearch, RegimeSearch, Search
from gradcert_reports.text.rows import values

__all__ = [
    "at_least",
    "at_most",
    "claim",
    "count",
    "duration",
    "headline",
    "left_out",
    "part",
    "row",
    "worst_row",
]

_UP = Context(prec=3, rounding=ROUND_CEILING)
_DOWN = Context(prec=3, rounding=ROUND_FLOOR)

_SHOWN = 8
"""Numbers of a row that are shown."""


def count(number: float) -> str:
    """Return a number of rows, rounded to three digits where it is large.

    Examples
    --------
    >>> count(9876), count(231_400_000)
    ('9,876', '2.31e8')
    """
    if number < 1e5:
        return f"{number:,.0f}"
    digits, exponent = f"{number:.2e}".split("e")
    return f"{digits}e{int(exponent)}"


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> duration(7.25), duration(600), duration(86_400)
    ('7.2 seconds', '10 minutes', '24 hours')
    """
    if seconds < 120:
        return f"{seconds:.2g} seconds" if seconds < 99 else f"{seconds:.0f} seconds"
    return f"{seconds / 60:.3g} minutes" if seconds < 7200 else f"{seconds / 3600:,.4g} hours"


def _budgets(found: Bound, about: ClaimSearch, rounded: Context) -> str:
    number = f"{float(rounded.create_decimal(repr(found.budgets))):.3g}"
    return f"{number} {'budget' if number == '1' else 'budgets'} of {about.levels[found.rank]}"


def at_most(found: Bound, about: ClaimSearch) -> str:
    """Return a bound that no row exceeds, in words: to three digits, rounded up.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> at_most(Bound(1, 0.74901), EXAMPLE.claims[0])
    '0.75 budgets of shifted'
    """
    return _budgets(found, about, _UP)


def at_least(found: Bound, about: ClaimSearch) -> str:
    """Return how bad a row is that was judged, in words: to three digits, rounded down.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> at_least(Bound(1, 0.74901), EXAMPLE.claims[0])
    '0.749 budgets of shifted'
    """
    return _budgets(found, about, _DOWN)


def headline(search: Search) -> str:
    """Return what was found, in a sentence.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> headline(EXAMPLE)
    'my_kernel: no row is wrong among 2.31e8.'
    """
    wrong = [one for one in search.claims if one.found is not None]
    if not wrong:
        if not search.rows:
            return f"{search.name}: no row has been examined yet."
        return f"{search.name}: no row is wrong among {count(search.rows)}."
    named = ", ".join(f"{one.claim} is {one.found.result.verdict}" for one in wrong if one.found)
    return f"{search.name}: {named} ({len(wrong)} of {len(search.claims)} claims)."


def claim(about: ClaimSearch) -> list[str]:
    """Return what was found out about a claim, in sentences.

    The first bound is one from below, the second one from above.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> for sentence in claim(EXAMPLE.claims[0]):
    ...     print(sentence)
    2.31e8 rows in 10 minutes of one core.
    The worst row that the oracle judged needs 0.59 budgets of shifted; two are allowed.
    No row that was examined needs more than 1.83 budgets of shifted.
    """
    sentences = [f"{count(about.rows)} rows in {duration(about.seconds)} of one core."]
    if about.exhaustive:
        sentences.append(f"Exhaustive: {about.exhaustive}.")
    if about.found is not None:
        sentences.append(f"It is {about.found.result.verdict}.")
        return sentences
    if about.worst is not None:
        worst, most = at_least(about.worst.bound, about), at_most(about.bound, about)
        sentences.append(f"The worst row that the oracle judged needs {worst}; two are allowed.")
        sentences.append(f"No row that was examined needs more than {most}.")
    return sentences


def part(found: RegimeSearch, about: ClaimSearch) -> tuple[str, ...]:
    """Return the cells of the table of parts."""
    return (
        found.part,
        count(found.rows),
        duration(found.seconds),
        at_least(found.worst, about) if found.rows else "-",
        at_most(found.bound, about) if found.rows and about.found is None else "-",
    )


def row(numbers: Row) -> str:
    """Return the numbers of a row, or the first ones of a long row.

    Examples
    --------
    >>> row(("1.0", "-2.5"))
    '[1, -2.5]'
    """
    if length(numbers) > _SHOWN:
        return values(numbers)
    return f"[{', '.join(text.removesuffix('.0') for text in texts(numbers))}]"


def worst_row(about: ClaimSearch) -> tuple[str, list[tuple[str, str]]]:
    """Return what the worst row judged is, and its numbers in words, by their names.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> worst_row(EXAMPLE.claims[0])[0]
    'The worst row judged: benign, offset, one-hot.'
    """
    worst = about.worst
    if worst is None:
        return "", []
    if not worst.arguments:
        return "The worst value judged is that of a whole batch.", []
    numbers = [(name, row(one)) for name, one in worst.arguments.items()]
    said = f"The worst row judged: {worst.regime}."
    if worst.returned:
        return said, [*numbers, ("returned, as a batch of its own,", row(worst.returned))]
    return f"{said} It is a row of a batch whose rows share a sum or a divisor.", numbers


def left_out(search: Search) -> list[str]:
    """Return which claims were not searched, in sentences."""
    return [f"{name} was left out: {reason}." for name, reason in search.left_out.items()]
