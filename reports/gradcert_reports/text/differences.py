"""The comparison of two reports for the terminal."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.text import Text

from gradcert_reports.model.comparison import Change, Comparison, Direction, Setting
from gradcert_reports.model.options import option, value
from gradcert_reports.text.escape import on_lines

__all__ = ["differences"]

_STYLES: dict[Direction, str] = {
    "worse": "bold red",
    "gone": "bold red",
    "better": "bold green",
    "appeared": "bold",
}

_Group = TypeVar("_Group")


def _grouped(pairs: Iterable[tuple[_Group, str]]) -> dict[_Group, str]:
    """Return the members of each group on one line."""
    groups: dict[_Group, list[str]] = {}
    for group, member in pairs:
        groups.setdefault(group, []).append(member)
    return {group: ", ".join(dict.fromkeys(members)) for group, members in groups.items()}


def _turn(change: Change) -> str:
    if change.direction in ("appeared", "gone"):
        return change.before or change.after
    return f"{change.before} -> {change.after}"


def _lines(changes: Iterable[Change]) -> Iterator[str]:
    """Yield the changes of one direction: each implementation, then its checks.

    Checks with the same change are joined to one line.
    """
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.implementation, []).append(change)
    for name, found in by_name.items():
        whole = [f": {_turn(change)}" for change in found if not change.check]
        yield f"  {name}{''.join(whole)}"
        formats = _grouped(
            ((change.check, change.quantity, _turn(change)), change.format)
            for change in found
            if change.check
        )
        quantities = _grouped(
            ((check, where, turn), quantity) for (check, quantity, turn), where in formats.items()
        )
        for (check, where, turn), what in quantities.items():
            yield f"    {check} of {what} in {where}: {turn}"


def _notes(settings: Iterable[Setting], consequence: Callable[[Setting], str]) -> Iterator[str]:
    """Yield each setting that differs, with the implementations that have it and what follows."""
    grouped = _grouped(
        (
            (
                f"{option(setting.name, setting.before)} -> {value(setting.after)}",
                consequence(setting),
            ),
            setting.implementation,
        )
        for setting in settings
    )
    for (turn, what), names in grouped.items():
        yield f"{turn} for {names}: {what}"


def _claims(setting: Setting) -> str:
    """Return whether the claims differ: an option that is not given may have its default value."""
    given = setting.before is not None and setting.after is not None
    return "the claims differ" if given else "the claims may differ"


def differences(comparison: Comparison) -> Text:
    """Return a comparison for the terminal: what got worse, is gone, got better and appeared.

    Returns
    -------
    A text of rich, with colours for what is worse and better.
    """
    text = Text()
    for direction, style in _STYLES.items():
        found = [change for change in comparison.changes if change.direction == direction]
        if found:
            text.append(f"{direction}\n", style=style)
            text.append(f"{on_lines(_lines(found))}\n")
    if not comparison.changes:
        text.append("nothing got better or worse\n")
    notes = [
        *_notes(comparison.claims, _claims),
        *_notes(comparison.settings, lambda _: "a level may differ by chance"),
    ]
    text.append(on_lines(notes), style="yellow")
    text.rstrip()
    return text
