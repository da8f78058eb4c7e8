"""The screen before the judge: which rows of a batch need no ball, and how it is switched off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.clock import CLOCK
from gradcert_implementations import Array
from gradcert_oracle import Screened, screen

__all__ = ["ONE_IN", "drawn_sample", "screened", "without_screen"]

_FEWEST = 32
"""Logits that are worth the screen. The judge needs less time for fewer: 0.1 ms."""

ONE_IN = 64
"""The part of the accepted rows that the oracle judges all the same."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio as a fraction of 2^64: multiplying by it mixes the bits of a number."""

_DRAWN_BY = 512
"""Values of a row that decide whether it is judged."""

_switched_off: list[bool] = []


@contextmanager
def without_screen() -> Iterator[None]:
    """Let the oracle judge every row inside, in this process.

    Verdicts and levels are the same with and without the screen. Only the time differs, and which
    of the rows of a level is the one that a certificate shows.
    """
    _switched_off.append(True)
    try:
        yield
    finally:
        _switched_off.pop()


def _as_good_as_claimed(claim: Claim, found: Screened) -> Screened:
    """Return what was found, with only those rows accepted that the claimed level allows.

    The judge may find any level up to the rank. The levels that a claim allows are the first of its
    format. So it allows all of these if it allows the last of them.
    """
    return replace(found, accepted=found.accepted & (found.rank < len(claim.levels)))


@CLOCK.charging("oracle")
def screened(claim: Claim, case: Case, rows: Array, answer: Array) -> Screened | None:
    """Screen the answers to some rows of a case; None where the judge must see every row.

    A value that all rows have is screened with all of them.
    If the claim demands a level, a row is accepted only if the judge may find no worse one.
    """
    if claim.quantity.reduces:
        rows = np.arange(case.rows)
    if _switched_off or len(rows) * case.classes < _FEWEST or claim.quantity.screen is None:
        return None
    found = screen(
        claim.quantity,
        claim.format,
        [case[name][rows] for name in claim.quantity.arguments],
        answer,
        loss=claim.true_loss(case),
        shares=claim.shares(case, rows.tolist()),
    )
    return found and _as_good_as_claimed(claim, found)


def drawn_sample(accepted: Array, answer: Array, one_in: int = ONE_IN) -> Array:
    """Return which of the accepted rows the oracle judges too: about one in 64.

    They are drawn by the bits of their first values, so that no implementation knows them.

    Examples
    --------
    >>> answer = np.arange(4096.0).reshape(1024, 4)
    >>> 8 < int(drawn_sample(np.ones(1024, bool), answer).sum()) < 32
    True
    """
    values = answer.reshape(len(answer), -1)[:, :_DRAWN_BY]
    # The number of the row counts, so that equal rows are not all drawn.
    mixed = np.arange(len(answer), dtype=np.uint64)
    for column in np.ascontiguousarray(values.T).view(f"u{values.itemsize}"):
        mixed = (mixed ^ column) * _ODD
        mixed ^= mixed >> np.uint64(29)
    return accepted & (mixed % np.uint64(one_in) == 0)  # type: ignore[no-any-return]
