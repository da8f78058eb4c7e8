"""The worst rows of a block: the worst that was judged, and a bound for all of them."""

from collections.abc import Sequence

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, JudgedRow, floats, text
from gradcert.engine.excerpts import kept_places, row_of
from gradcert_implementations import Array, Reduction
from gradcert_oracle import Judgement, levels
from gradcert_reports.model.rows import Row
from gradcert_reports.searches.records import Bound
from gradcert_reports.searches.records import JudgedRow as RecordedRow

__all__ = ["Tally"]

_JUDGED = 2
"""Accepted rows of a case that are judged if they may be the worst: those of the largest bounds."""


_BALL = 2.0**-8
"""More than the width of the judge's balls, in budgets: what it says is the middle of one."""


class Tally:
    """Counts rows, and keeps the worst.

    Attributes
    ----------
    rows
        The unlike rows that were examined.
    worst
        The worst row that was judged.
    bound
        No row is worse.
    unasked
        That row as a batch of its own, if its answer is not known yet. A row that shares a sum or a
        divisor with others has no answer of its own.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim, self._levels = claim, levels(claim.format)
        self.rows = 0
        self.bound = Bound()
        self.unasked: Case | None = None
        self._worst: tuple[Judgement, Case] | None = None
        self._returned: Row = ()

    def _bound_of(self, judgement: Judgement) -> Bound:
        assert judgement.algorithm is not None
        return Bound(self._levels.index(judgement.algorithm), judgement.used)

    @property
    def _worst_bound(self) -> Bound:
        return Bound() if self._worst is None else self._bound_of(self._worst[0])

    def _saw(self, judgement: Judgement, case: Case, row: int) -> None:
        bound = self._bound_of(judgement)
        self.bound = max(self.bound, Bound(bound.rank, bound.budgets + _BALL))
        if self._worst is None or bound > self._worst_bound:
            alone = case.alone(row)
            self._worst, self._returned = (judgement, alone), ()
            self.unasked = alone if self._claim.loss.reduction is Reduction.NONE else None

    def _add_accepted(self, case: Case, accepted: AcceptedRows) -> None:
        order = np.lexsort((accepted.used, accepted.ranks))[::-1]
        for place in order[:_JUDGED]:
            bound = Bound(int(accepted.ranks[place]), float(accepted.used[place]))
            if self._worst is not None and bound <= self._worst_bound:
                break
            row = int(accepted.rows[place])
            self._saw(accepted.judge(row), case, row)
        for place in order[_JUDGED : _JUDGED + 1]:
            bound = Bound(int(accepted.ranks[place]), float(accepted.used[place]))
            self.bound = max(self.bound, bound)

    def add(self, case: Case, found: Sequence[JudgedRow | AcceptedRows]) -> None:
        """Add what a check found on a case that passed."""
        for one in found:
            if isinstance(one, AcceptedRows):
                self.rows += len(one.rows)
                self._add_accepted(case, one)
            else:
                self.rows += 1
                self._saw(one.judgement, case, one.row)

    def answered(self, answer: Array) -> None:
        """Keep the answer to the row that was not asked yet."""
        self._returned, self.unasked = _recorded(answer[0]), None

    @property
    def worst(self) -> RecordedRow | None:
        """The record of the worst row that was judged."""
        if self._worst is None:
            return None
        judgement, case = self._worst
        quantity = self._claim.quantity
        named = {name: case[name][0] for name in quantity.arguments if not quantity.reduces}
        if self._claim.takes_upstream:
            named["upstream"] = np.atleast_1d(self._claim.upstream(case))[:1]
        return RecordedRow(
            bound=self._bound_of(judgement),
            level=str(judgement.algorithm),
            regime=str(case.regimes[0]),
            arguments={name: _recorded(array) for name, array in named.items()},
            returned=self._returned,
        )


def _recorded(row: Array) -> Row:
    numbers = np.array(floats(row))
    return row_of(list(map(text, numbers)), kept_places([numbers], None))
