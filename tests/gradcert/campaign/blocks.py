"""The blocks of a search: what each of them examines is a pure function of its number."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcert.campaign.differences import count_of, described, judged_by_the_oracle, reason_against
from gradcert.campaign.regimes import regimes_of
from gradcert.core.claim import Claim

__all__ = ["PLAN", "Block", "drawn_block", "exhaustive_blocks"]

PLAN = "plan"
"""The part that tries all cases of the plan of cases."""

_AT_ONCE = {True: 1 << 11, False: 1 << 20}
"""Differences of a block, where the oracle judges each row and where the screen comes first: some
seconds of work."""


_ROUNDS = 32
"""Bits for the round of a block, so that two seeds have no plan in common."""


@dataclass(frozen=True)
class Block:
    """A block.

    Attributes
    ----------
    number
        Its number.
    claim
        The claim, as text.
    part
        The part of the search: the plan, a regime, or what is tried without exception.
    seed
        What its rows are drawn from.
    first, last
        The numbers of the differences that it tries, from the first up to but without the last.
    """

    number: int
    claim: str
    part: str
    seed: int = 0
    first: int = 0
    last: int = 0


def _parts(claims: Sequence[Claim]) -> list[tuple[str, str]]:
    return [(str(claim), part) for claim in claims for part in (PLAN, *regimes_of(claim))]


def drawn_block(number: int, claims: Sequence[Claim], seed: int) -> Block:
    """Return a block of drawn rows. Each claim and part comes once before one comes again.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> claims = list(claims_of(load("numpy", quantities=["dE/dz"], formats=["binary32"])))
    >>> [drawn_block(number, claims, 7).part for number in (0, 1, 8, 9)]
    ['plan', 'benign', 'plan', 'benign']
    """
    parts = _parts(claims)
    times, place = divmod(number, len(parts))
    claim, part = parts[place]
    return Block(number, claim, part, seed=(seed << _ROUNDS) + times)


def exhaustive_blocks(claims: Sequence[Claim]) -> list[Block]:
    """Return the blocks that try every difference of two logits, of the claims that have them."""
    blocks: list[Block] = []
    for claim in claims:
        if reason_against(claim):
            continue
        count, step = count_of(claim), _AT_ONCE[judged_by_the_oracle(claim.format)]
        for first in range(0, count, step):
            last = min(first + step, count)
            blocks.append(Block(len(blocks), str(claim), described(claim), first=first, last=last))
    return blocks
