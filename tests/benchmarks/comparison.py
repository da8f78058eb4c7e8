"""What became slower or faster since another run, by more than the noise of both runs.

The comparison is of bytes, and of ratios to the floor, in which the speed of a machine cancels. The
noise of a run is how far its rounds are apart. A median has moved if it moved by more than the
noise of both runs together. Nothing is said if there are too few rounds to know the noise.
"""

from collections.abc import Iterator, Sequence

from records import Record, Spread
from wording import digits

ROUNDS_NEEDED = 3
"""Fewer rounds say too little about the noise."""


def _change(old: Sequence[float], new: Sequence[float]) -> tuple[Spread, Spread] | None:
    """Return the spreads of both, if the median moved by more than noise."""
    if min(len(old), len(new)) < ROUNDS_NEEDED:
        return None
    before, now = Spread.of(old), Spread.of(new)
    moved = abs(now.median - before.median) > before.noise + now.noise
    return (before, now) if moved else None


def moved(old: Record, new: Record) -> Iterator[str]:
    """Yield a line for each figure that moved by more than the noise of both runs.

    For a subject that is the median of its ratios to the floor, for a whole run that of its ratios
    to a floor, and for the oracle's memory the median of its bytes.
    """
    for cell in new.cells:
        known = old.cell(cell.row, cell.format, cell.classes, cell.subject)
        if known is None or cell.subject == "floor":
            continue
        change = _change(old.ratios(known, "floor"), new.ratios(cell, "floor"))
        if change:
            before, now = change
            by = 100 * (now.median / before.median - 1)
            yield (
                f"{cell.subject}, {cell.row}, {cell.format}, {cell.classes:,} classes: "
                f"{'slower' if by > 0 else 'faster'} by {abs(by):.0f} %, "
                f"{digits(now.median)} times the floor instead of {digits(before.median)}"
            )
    known_runs = {run.name: old.in_floors(run) for run in old.runs}
    for run in new.runs:
        change = _change(known_runs.get(run.name, ()), new.in_floors(run))
        if change:
            before, now = change
            by = 100 * (now.median / before.median - 1)
            yield f"a run on {run.name}: {'slower' if by > 0 else 'faster'} by {abs(by):.0f} %"
    known_bytes = {memory.classes: memory.grown for memory in old.memory}
    for memory in new.memory:
        change = _change(known_bytes.get(memory.classes, ()), memory.grown)
        if change:
            before, now = change
            yield (
                f"memory, {memory.classes:,} classes: "
                f"{digits(now.median / 2**20)} MiB instead of {digits(before.median / 2**20)}"
            )
