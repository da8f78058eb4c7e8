"""What the blocks of a search found together."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from gradcert.campaign.blocks import Block
from gradcert.campaign.differences import rows_of
from gradcert.core.claim import Claim
from gradcert_oracle import levels
from gradcert_reports.searches.records import (
    Bound,
    ClaimSearch,
    JudgedRow,
    Point,
    RegimeSearch,
    SearchedBlock,
)

__all__ = ["of_claims"]


def _parts(blocks: Sequence[SearchedBlock]) -> tuple[RegimeSearch, ...]:
    by_part: dict[str, list[SearchedBlock]] = {}
    for block in blocks:
        by_part.setdefault(block.part, []).append(block)
    return tuple(
        RegimeSearch(
            part=part,
            blocks=len(some),
            rows=sum(block.rows for block in some),
            seconds=round(sum(block.seconds for block in some), 3),
            worst=max((block.worst.bound for block in some if block.worst), default=Bound()),
            bound=max(block.bound for block in some),
        )
        for part, some in by_part.items()
    )


def _curve(blocks: Sequence[SearchedBlock]) -> tuple[JudgedRow | None, tuple[Point, ...]]:
    """Return the worst row judged, and how it grew with the rows."""
    rows, worst, points = 0, None, list[Point]()
    for block in blocks:
        rows += block.rows
        if block.worst is not None and (worst is None or block.worst.bound > worst.bound):
            worst = block.worst
            points.append(Point(rows, worst.bound))
    if worst is not None and points[-1].rows < rows:
        points.append(Point(rows, worst.bound))
    return worst, tuple(points)


def of_claims(
    claims: Iterable[Claim], blocks: Sequence[SearchedBlock], exhaustive: Sequence[Block]
) -> tuple[ClaimSearch, ...]:
    """Return what was found out about each claim.

    Parameters
    ----------
    claims
        The claims that are searched.
    blocks
        The blocks that count, by number.
    exhaustive
        All blocks of an exhaustive search; none of another one.
    """
    return tuple(_of_claim(claim, blocks, exhaustive) for claim in claims)


def _of_claim(
    claim: Claim, blocks: Sequence[SearchedBlock], exhaustive: Sequence[Block]
) -> ClaimSearch:
    done = sorted(
        (block for block in blocks if block.claim == str(claim)), key=attrgetter("number")
    )
    wanted = [block for block in exhaustive if block.claim == str(claim)]
    found = next((block.found for block in done if block.found is not None), None)
    # A row whose true value is out of range is not compared.
    rows = sum(block.rows for block in done)
    whole = bool(wanted) and rows == wanted[-1].last * rows_of(claim) and found is None
    worst, curve = _curve(done)
    return ClaimSearch(
        claim=str(claim),
        parts=_parts(done),
        worst=worst,
        bound=max((block.bound for block in done), default=Bound()),
        curve=curve,
        levels=tuple(map(str, levels(claim.format))),
        exhaustive=wanted[0].part if whole else "",
        found=found,
    )
