"""What got better or worse between two reports, of implementations and of single checks."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeVar

import msgspec
from rich.text import Text

from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.results import CheckResult, Sample, Verdict

__all__ = ["Change", "Comparison", "Direction", "Setting", "compare", "differences"]

Direction = Literal["worse", "gone", "better", "appeared"]

_BEST_FIRST: tuple[Verdict, ...] = ("conforms", "not supported", "incomplete", "broken", "refuted")

_STYLES: dict[Direction, str] = {
    "worse": "bold red",
    "gone": "bold red",
    "better": "bold green",
    "appeared": "bold",
}

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_Group = TypeVar("_Group")
_Results = dict[tuple[tuple[str, str, str], int], CheckResult]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was.

    Attributes
    ----------
    implementation
        Its name, with its place among those of that name from the second on.
    check, quantity, format
        Empty where the change is the implementation's as a whole.
    before, after
        The verdicts; where both conform, the levels. Empty where there is none.
    """

    direction: Direction
    implementation: str
    check: str = ""
    quantity: str = ""
    format: str = ""
    before: str
    after: str


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the search, ``seed`` or ``max_examples``, that is not the same in both."""

    implementation: str
    name: str
    before: int
    after: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that changed.

    Attributes
    ----------
    settings
        Where they differ, a level may differ by luck: the worst seen is found by a search.
    """

    changes: tuple[Change, ...]
    settings: tuple[Setting, ...]

    @property
    def regressions(self) -> tuple[Change, ...]:
        """What got worse, and what was certified before and is gone."""
        return tuple(change for change in self.changes if change.direction in ("worse", "gone"))


def _placed(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[tuple[_Key, int], _Item]:
    """Return items by their key and by their place among those of the same key."""
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
    """Return which way it went, and the verdicts or levels that differ; None where none does.

    Levels count only between two that conform: elsewhere the search ended early. The budgets used
    on the same level do not count: the worst seen is a lower bound.
    """
    if before is None:
        return None if after is None else ("appeared", "", after.verdict)
    if after is None:
        return "gone", before.verdict, ""
    grown = _BEST_FIRST.index(after.verdict) - _BEST_FIRST.index(before.verdict)
    words: tuple[str, str] = before.verdict, after.verdict
    if before.verdict == after.verdict == "conforms" and worst and worst_now:
        grown = worst_now.rung - worst.rung
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
    return max(samples, key=lambda sample: (sample.rung, sample.budgets), default=None)


def _implementation(
    name: str, old: Certificate | None, new: Certificate | None
) -> Iterator[Change]:
    """Yield what changed in one implementation, the whole first; its level on what both judge."""
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


def _settings(name: str, old: Certificate | None, new: Certificate | None) -> Iterator[Setting]:
    if old is None or new is None:
        return
    was, now = old.provenance, new.provenance
    pairs = {"seed": (was.seed, now.seed), "max_examples": (was.max_examples, now.max_examples)}
    for setting, (before, after) in pairs.items():
        if before != after:
            yield Setting(implementation=name, name=setting, before=before, after=after)


def compare(old: Report, new: Report) -> Comparison:
    """Compare two reports: implementations of the same name, and their checks one by one.

    Returns
    -------
    What changed. Of an implementation that appeared or is gone the checks are not listed.
    """
    before, after = (
        _placed(report.certificates, lambda certificate: certificate.name) for report in (old, new)
    )
    changes: list[Change] = []
    settings: list[Setting] = []
    for name, place in before | after:
        shown = f"{name} ({place + 1})" if place else name
        pair = before.get((name, place)), after.get((name, place))
        changes += _implementation(shown, *pair)
        settings += _settings(shown, *pair)
    return Comparison(changes=tuple(changes), settings=tuple(settings))


def _grouped(pairs: Iterable[tuple[_Group, str]]) -> dict[_Group, str]:
    """Return the members of each group in one line."""
    groups: dict[_Group, list[str]] = {}
    for group, member in pairs:
        groups.setdefault(group, []).append(member)
    return {group: ", ".join(dict.fromkeys(members)) for group, members in groups.items()}


def _said(change: Change) -> str:
    if change.direction in ("appeared", "gone"):
        return change.before or change.after
    return f"{change.before} -> {change.after}"


def _lines(changes: Iterable[Change]) -> Iterator[str]:
    """Yield changes of one direction: implementations, each with its checks, alike ones joined."""
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.implementation, []).append(change)
    for name, found in by_name.items():
        whole = [f": {_said(change)}" for change in found if not change.check]
        yield f"  {name}{''.join(whole)}"
        formats = _grouped(
            ((change.check, change.quantity, _said(change)), change.format)
            for change in found
            if change.check
        )
        quantities = _grouped(
            ((check, where, said), quantity) for (check, quantity, said), where in formats.items()
        )
        for (check, where, said), what in quantities.items():
            yield f"    {check} of {what} in {where}: {said}"


def differences(comparison: Comparison) -> Text:
    """Return a comparison for the terminal: what got worse, is gone, got better and appeared."""
    text = Text()
    for direction, style in _STYLES.items():
        found = [change for change in comparison.changes if change.direction == direction]
        if found:
            text.append(f"{direction}\n", style=style)
            text.append("".join(f"{line}\n" for line in _lines(found)))
    if not comparison.changes:
        text.append("nothing got better or worse\n")
    settings = _grouped(
        (f"{setting.name} {setting.before} -> {setting.after}", setting.implementation)
        for setting in comparison.settings
    )
    for said, names in settings.items():
        text.append(f"{said} for {names}: a level may differ by luck\n", style="yellow")
    text.rstrip()
    return text
