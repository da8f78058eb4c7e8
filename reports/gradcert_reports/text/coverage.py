"""What was tried of the plan of cases, and what was not, in words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from gradcert_reports.model.records import Certificate, Coverage
from gradcert_reports.text.escape import printable

__all__ = ["Covered", "covered", "listed", "not_tried"]

_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
"""A label that is condensed. A label may be any text."""

_INTERVAL = re.compile(r"(?P<words>.*?)(?P<low>\S+) to (?P<high>\S+)")
"""A label that is an interval, with words before it or none."""

_ONE_NUMBER = re.compile(r"(?<![-.\w])[0-9]+(?![.\w])")
_GAP = "\0"
"""What stands for the number of a label. No label has it."""

_SHORTEST_RUN = 3

_FEW = 12
"""Items that are short enough to be named on one line."""


@dataclass(frozen=True)
class Covered:
    """What was tried of one dimension, in words.

    Attributes
    ----------
    dimension
        What the items are about.
    count, total
        How many items were tried, and how many the plan has.
    tried, left
        The items that were tried, and those that were not. Empty if there are none.
    """

    dimension: str
    count: int
    total: int
    tried: str
    left: str


@dataclass(frozen=True)
class _Entry:
    """An item, or a run of numbers, as a list shows it."""

    text: str
    count: int = 1


def _runs(numbers: Iterable[int]) -> list[range]:
    """Return the numbers as runs without a gap, from small to large."""
    runs: list[range] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1].stop == number:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs


def _of_numbers(labels: Sequence[str]) -> list[_Entry]:
    entries: list[_Entry] = []
    for run in _runs(int(label) for label in labels):
        if len(run) < _SHORTEST_RUN:
            entries += [_Entry(str(number)) for number in run]
        else:
            entries.append(_Entry(f"{run[0]} to {run[-1]}", len(run)))
    return entries


def _joined(labels: Sequence[str]) -> list[_Entry]:
    """Return labels with intervals that follow one another as one."""
    entries: list[_Entry] = []
    for label in labels:
        found = _INTERVAL.fullmatch(label)
        if found and entries and entries[-1].text.endswith(f" to {found['low']}"):
            last = entries[-1]
            if last.text.startswith(found["words"]):
                text = last.text.removesuffix(found["low"]) + found["high"]
                entries[-1] = _Entry(text, last.count + 1)
                continue
        entries.append(_Entry(label))
    return entries


def _together(entries: Sequence[_Entry]) -> list[str]:
    """Return entries in words, with those together that differ in one number only."""
    by_words: dict[str, list[_Entry]] = {}
    for entry in entries:
        words = _ONE_NUMBER.sub(_GAP, entry.text) if entry.count == 1 else entry.text
        by_words.setdefault(words, []).append(entry)
    together = []
    for words, alike in by_words.items():
        numbers = [found[0] for one in alike if (found := _ONE_NUMBER.search(one.text))]
        if words.count(_GAP) == 1 and len(alike) > 1:
            together.append(words.replace(_GAP, ", ".join(numbers)))
        else:
            together += [one.text for one in alike]
    return together


def listed(labels: Sequence[str], most: int | None = None) -> str:
    """Return labels on one line: first the numbers, from small to large, a run of them as one.

    Intervals that follow one another are one interval, and labels that differ in one number only
    stand together. A list of more entries than `most` is cut, and says how many labels it leaves
    out; each of those that stand together counts as one.

    Returns
    -------
    One line.

    Examples
    --------
    >>> listed(["1", "2", "3", "5", "31", "33", "32", "all but one"])
    '1 to 3, 5, 31 to 33, all but one'
    >>> listed(["1", "2", "3", "5", "7", "9"], 2)
    '1 to 3, 5 and 2 more'
    >>> listed(["0 to 1", "1 to 2", "2 to 4", "a block of 4 in front", "a block of 8 in front"])
    '0 to 4; a block of 4, 8 in front'
    >>> listed(["all but one", "all but one, by -1e+04"])
    'all but one; all but one, by -1e+04'
    >>> listed([f"a block of {size} in front" for size in (4, 8, 16, 32)], 2)
    'a block of 4, 8 in front and 2 more'
    """
    numbers = _of_numbers([label for label in labels if _NUMBER.fullmatch(label)])
    others = _joined([label for label in labels if not _NUMBER.fullmatch(label)])
    most = len(labels) if most is None else most
    named = others[: max(0, most - len(numbers))]
    texts = [entry.text for entry in numbers[:most]] + _together(named)
    shown = ("; " if any("," in text for text in texts) else ", ").join(texts)
    more = sum(entry.count for entry in [*numbers[most:], *others[len(named) :]])
    return f"{shown} and {more} more" if more else shown


def _in_words(found: Coverage, most: int) -> Covered:
    return Covered(
        dimension=found.dimension,
        count=len(found.tried),
        total=len(found.tried) + len(found.left),
        tried=listed(found.tried, most),
        left=listed(found.left, most),
    )


def covered(certificate: Certificate, most: int) -> list[Covered]:
    """Return what was tried of each dimension, with at most this number of entries in a list."""
    return list(map(partial(_in_words, most=most), certificate.coverage))


def not_tried(certificate: Certificate) -> str:
    """Return what was not tried, on one line: by name, or by count where it is much.

    Returns
    -------
    An empty text if nothing is left, or if the implementation is wrong: its checks end at the case
    that shows it.
    """
    short = [one for one in covered(certificate, _FEW) if one.left]
    if not short or certificate.verdict.wrong:
        return ""
    left = sum(one.total - one.count for one in short)
    total = sum(len(one.tried) + len(one.left) for one in certificate.coverage)
    named = (
        f"{one.total - one.count} of {one.total} {one.dimension}"
        + (f" ({one.left})" if left <= _FEW else "")
        for one in short
    )
    items = f"{left} of {total} items of the plan {'was' if left == 1 else 'were'} not tried"
    return printable(f"{certificate.name}: {items}: {', '.join(named)}")
