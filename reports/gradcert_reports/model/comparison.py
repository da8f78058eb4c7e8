"""What got better or worse between two reports, in implementations and in single checks."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Literal, TypeVar

import msgspec

from gradcert_reports.model.options import differing
from gradcert_reports.model.records import Certificate, Option, Report
from gradcert_reports.model.results import CheckResult, Sample
from gradcert_reports.model.verdict import Verdict

__all__ = ["Change", "Comparison", "Direction", "Setting", "compare"]

Direction = Literal["worse", "gone", "better", "appeared"]
"""How the result of a check, or an implementation, differs from an older report."""

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_Results = dict[tuple[tuple[str, str, str], int], CheckResult]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between the reports.

    Attributes
    ----------
    direction
        ``worse`` or ``better``; ``gone`` or ``appeared`` where one report has nothing to compare.
    implementation
        Its name, with a number from the second implementation of that name on.
    check, quantity, format
        Empty if the change is that of the implementation as a whole.
    before, after
        The verdicts, or the levels if both conform. Empty if there is none.
    """

    direction: Direction
    implementation: str
    check: str = ""
    quantity: str = ""
    format: str = ""
    before: str
    after: str


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the search or an option of the claim that differs between the reports.

    Attributes
    ----------
    implementation
        The name of the implementation, as in :class:`Change`.
    name
        ``seed``, ``max_examples`` or ``effort``; the name of an option of the loss or of the
        domain; or ``at_least``, the worst level that it may have.
    before, after
        Its values; None if it is not given.
    """

    implementation: str
    name: str
    before: Option
    after: Option


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All differences between two reports.

    Attributes
    ----------
    changes
        What got better or worse, what is gone and what appeared.
    settings
        Settings of the search that differ. A level may then differ by chance, because a search
        finds the worst case.
    claims
        Options of the loss or of the domain that differ, or the levels that are claimed, so that
        the claims differ. They may be the same if one report does not give the option.
    """

    changes: tuple[Change, ...]
    settings: tuple[Setting, ...]
    claims: tuple[Setting, ...] = ()

    @property
    def regressions(self) -> tuple[Change, ...]:
        """What got worse, and what was certified before and is gone."""
        return tuple(change for change in self.changes if change.direction in ("worse", "gone"))


def _placed(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[tuple[_Key, int], _Item]:
    """Return items by their key and by their place among the items of the same key."""
    seen: Counter[_Key] = Counter()
    placed = {}
    for item in items:
        placed[key(item), seen[key(item)]] = item
        seen[key(item)] += 1
    return placed


def _turn(
    before: Certificate | CheckResult | None,
    after: Certificate | CheckResult | None,
    *,
    worst: Sample | None,
    worst_now: Sample | None,
) -> tuple[Direction, str, str] | None:
    """Return the direction of a change with the verdicts or levels; None if nothing changed.

    Levels are compared only if both conform: else the search ended early. The budgets used on the
    same level are not compared: the worst seen is a lower bound.
    """
    if before is None:
        return None if after is None else ("appeared", "", after.verdict)
    if after is None:
        return "gone", before.verdict, ""
    grown = after.verdict.severity - before.verdict.severity
    words: tuple[str, str] = before.verdict, after.verdict
    if before.verdict == after.verdict == Verdict.CONFORMS and worst and worst_now:
        grown = worst_now.rank - worst.rank
        words = worst.algorithm, worst_now.algorithm
    return ("worse" if grown > 0 else "better", *words) if grown else None


def _checks(name: str, before: _Results, after: _Results) -> Iterator[Change]:
    """Yield what changed in the checks of one implementation."""
    for key in before | after:
        old, new = before.get(key), after.get(key)
        (check, quantity, format), _ = key
        worst, worst_now = (found.worst if found else None for found in (old, new))
        turn = _turn(old, new, worst=worst, worst_now=worst_now)
        if turn is not None:
            direction, was, now = turn
            yield Change(
                direction=direction,
                implementation=name,
                check=check,
                quantity=quantity,
                format=format,
                before=was,
                after=now,
            )


def _worst(results: Iterable[CheckResult]) -> Sample | None:
    samples = [result.worst for result in results if result.worst]
    return max(samples, key=lambda sample: sample.severity, default=None)


def _implementation(
    name: str, old: Certificate | None, new: Certificate | None
) -> Iterator[Change]:
    """Yield what changed in one implementation: first as a whole, then check by check.

    Its level is that of the checks which both certificates have.
    """
    before, after = (
        _placed(
            found.results if found else (),
            lambda result: (result.check, result.quantity, result.format),
        )
        for found in (old, new)
    )
    judged = [key for key in before if key in after and before[key].worst and after[key].worst]
    turn = _turn(
        old,
        new,
        worst=_worst(before[key] for key in judged),
        worst_now=_worst(after[key] for key in judged),
    )
    if turn is not None:
        direction, was, now = turn
        yield Change(direction=direction, implementation=name, before=was, after=now)
    if old is not None and new is not None:
        yield from _checks(name, before, after)


def _differing(name: str, old: dict[str, Option], new: dict[str, Option]) -> Iterator[Setting]:
    for option in differing((old, new)):
        yield Setting(
            implementation=name, name=option, before=old.get(option), after=new.get(option)
        )


def _search(certificate: Certificate) -> dict[str, Option]:
    source = certificate.provenance
    return {
        "seed": source.seed,
        "max_examples": source.max_examples,
        "effort": source.effort,
    }


_Traits = tuple[str, tuple[str, ...], tuple[str, ...]]
_Placed = tuple[int, Certificate]


def _traits(item: _Placed) -> _Traits:
    certificate = item[1]
    return certificate.origin, certificate.quantities, certificate.formats


def _paired(
    old: Sequence[Certificate], new: Sequence[Certificate]
) -> Iterator[tuple[Certificate | None, Certificate | None]]:
    """Yield pairs of one name: of equal origin, quantities and formats, then of equal place.

    Their order is the same if the reports change places.
    """
    before, after = (_placed(enumerate(some), _traits) for some in (old, new))
    same = [(before[key], after[key]) for key in before if key in after]
    gone, appeared = (
        [some[key] for key in some if key not in before or key not in after]
        for some in (before, after)
    )

    def order(pair: tuple[_Placed | None, _Placed | None]) -> tuple[int, int, list[_Traits]]:
        items = [item for item in pair if item]
        places = [place for place, _ in items]
        return min(places), max(places), sorted(map(_traits, items))

    for was, now in sorted(chain(same, zip_longest(gone, appeared)), key=order):
        yield was and was[1], now and now[1]


def compare(old: Report, new: Report) -> Comparison:
    """Compare two reports: implementations of the same name, and their checks one by one.

    Several of one name are paired by their origin, quantities and formats, and the others by their
    place.

    Parameters
    ----------
    old, new
        The report before and the report after.

    Returns
    -------
    What changed. The checks of an implementation that appeared or is gone are not listed.

    Examples
    --------
    >>> same = Report(certificates=())
    >>> compare(same, same).changes
    ()
    """
    names = dict.fromkeys(one.name for one in (*old.certificates, *new.certificates))
    changes: list[Change] = []
    settings: list[Setting] = []
    claims: list[Setting] = []
    for name in names:
        of_name = (
            [one for one in report.certificates if one.name == name] for report in (old, new)
        )
        for place, (was, now) in enumerate(_paired(*of_name)):
            shown = f"{name} ({place + 1})" if place else name
            changes += _implementation(shown, was, now)
            if was is not None and now is not None:
                settings += _differing(shown, _search(was), _search(now))
                claims += _differing(shown, was.loss, now.loss)
                claims += _differing(shown, was.domain, now.domain)
                claims += _differing(shown, {"at_least": was.demanded}, {"at_least": now.demanded})
    return Comparison(changes=tuple(changes), settings=tuple(settings), claims=tuple(claims))
