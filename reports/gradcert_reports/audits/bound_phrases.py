"""What every page says of an audit of a bound."""

from collections.abc import Iterator

from gradcert_reports.audits.bound_records import BoundAudit, WrongAnswer

__all__ = [
    "change",
    "headline",
    "no_mistake",
    "right_bound",
    "sizes",
    "under_seeds",
    "what_to_change",
]


def headline(audit: BoundAudit) -> str:
    """Return what passes, in one sentence.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> headline(EXAMPLE)
    '2 of 3 wrong answers pass.'
    """
    passing = len(audit.passing)
    every = passing + len(audit.killed)
    if not every:
        return "No wrong answer has a meaning here."
    if every == 1:
        return f"The wrong answer {'passes' if passing else 'does not pass'}."
    if not passing:
        return f"None of {every} wrong answers passes."
    return f"{passing} of {every} wrong answers {'passes' if passing == 1 else 'pass'}."


def change(wrong: WrongAnswer) -> str:
    """Return how much a wrong answer differs from the right one.

    Examples
    --------
    >>> from gradcert_reports.audits.example import EXAMPLE
    >>> change(EXAMPLE.passing[0])
    '100%'
    """
    if wrong.change is None:
        return "not finite"
    if wrong.change >= 10:
        return f"{wrong.change:.3g} times"
    return f"{wrong.change:.0%}" if wrong.change >= 0.1 else f"{100 * wrong.change:.2g}%"


def under_seeds(wrong: WrongAnswer, audit: BoundAudit) -> str:
    """Return under how many seeds it passes, if that is not all."""
    return "" if wrong.passed == audit.seeds else f"under {wrong.passed} of {audit.seeds} seeds"


def sizes(audit: BoundAudit) -> Iterator[str]:
    """Yield how large the right values are beside the bound."""
    found = audit.sizes
    yield f"The largest right value is {found.largest:.2g}."
    if audit.atol is not None and found.count:
        share = found.below / found.count
        shown = f"{share:.3%}" if 0 < share < 1 else f"{share:.0%}"
        yield f"{shown} of the right values are at most {audit.atol:g}, the absolute tolerance."
    if audit.right_passes < audit.seeds:
        yield (
            "The bound refuses a right answer, too: one that numpy computed in the format fails "
            f"under {audit.seeds - audit.right_passes} of {audit.seeds} seeds. So some of the "
            "answers that it refuses may be right."
        )


def right_bound(audit: BoundAudit) -> Iterator[str]:
    """Yield which bound would be right."""
    found = audit.right_bound
    if found is None:
        yield "No bound of this kind is known to be met by every right implementation here."
        return
    proved = f"{found.enclosed - found.void} of {found.rows} rows"
    yield (
        f"{found.written} is met by every right implementation of the level {found.level} with "
        f"pairwise sums. That is proved for {proved}."
    )
    if found.note:
        yield found.note
    if audit.passing:
        some = len(found.passing)
        named = f": {', '.join(found.passing)}" if found.passing else ""
        yield f"{some} of the {len(audit.passing)} pass that bound, too{named}."


def what_to_change(audit: BoundAudit) -> Iterator[str]:
    """Yield what each change of the test would do."""
    for one in audit.advice:
        yield f"{one.change}: {one.passing} of the {one.tried} pass"


def no_mistake(audit: BoundAudit) -> str:
    """Return how many wrong answers are right on this data, in one sentence; empty if none is."""
    count = len(audit.no_mistake)
    if not count:
        return ""
    verb, them = ("makes", "it") if count == 1 else ("make", "them")
    found = f"{count} more {verb} no mistake that was seen on this data"
    return f"{found}, and a right bound accepts {them}."
