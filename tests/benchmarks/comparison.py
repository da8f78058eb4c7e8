"""What became slower or faster since another run: more than both runs say is noise.

Compared are ratios to the floor, for the speed of a machine cancels in them, and bytes. Each run
tells its own noise: how far its rounds are apart. A median that moved by more than the noise of
both runs together has moved; where there are too few rounds to tell their noise, nothing is said.
"""

from collections.abc import Iterator, Sequence

from records import Record, Spread
from tables import digits

ROUNDS_NEEDED = 3
"""Fewer rounds say too little of the noise."""


def _change(old: Sequence[float], new: Sequence[float]) -> tuple[Spread, Spread] | None:
    """Return the spreads of both, if the median moved by more than noise."""
    if min(len(old), len(new)) < ROUNDS_NEEDED:
        return None
    before, now = Spread.of(old), Spread.of(new)
    moved = abs(now.median - before.median) > before.noise + now.noise
    return (before, now) if moved else None


def moved(old: Record, new: Record) -> Iterator[str]:
    """Yield a line for each figure that moved by more than the noise of both runs.

    A subject's figure moved if the median of its ratios to the floor did; the oracle's memory if
    the median of its bytes did.
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
    known_bytes = {memory.classes: memory.grown for memory in old.memory}
    for memory in new.memory:
        change = _change(known_bytes.get(memory.classes, ()), memory.grown)
        if change:
            before, now = change
            yield (
                f"memory, {memory.classes:,} classes: "
                f"{digits(now.median / 2**20)} MiB instead of {digits(before.median / 2**20)}"
            )
