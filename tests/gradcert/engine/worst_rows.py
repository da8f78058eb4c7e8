"""The worst rows of a check: those that a certificate shows, and that give the level."""

from collections.abc import Iterable, Sequence
from itertools import chain

from gradcert.core.case import Case
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import AcceptedRows, JudgedRow
from gradcert.core.outcome import WorstRow
from gradcert_oracle import Format, Judgement, levels

__all__ = ["WorstRows"]

_AMPLE = 1024
"""Values that are judged, for each shape of rows, to find the one that uses most budgets."""


class WorstRows:
    """Collects the rows of the cases that passed, and judges what is needed of those accepted.

    A row that a screen accepted has a bound: the oracle finds no worse level, and on that level no
    more budgets used. The rows of a shape (benign, ties, ...) are judged from the largest bound
    down, at least one, until no row left can have a worse level than the worst one seen in any
    shape. So the worst level of all rows is known. The search is for the most budgets used too, and
    for the worst level of the shape, as long as it costs little. After that a row that the worst
    level explains is not judged, and may be worse than the one that is shown for its shape.
    """

    def __init__(self, format: Format) -> None:
        self._levels = levels(format)
        self._worst_rows: list[tuple[int, WorstRow]] = []
        self._accepted: dict[str, list[tuple[int, Case, AcceptedRows, list[int]]]] = {}
        self._worst: dict[str, tuple[int, float]] = {}
        self._worst_level = 0
        self._cases = 0

    def _severity(self, judgement: Judgement) -> tuple[int, float]:
        """Return what grows with the level first, then with the budgets used on it."""
        assert judgement.algorithm is not None
        return self._levels.index(judgement.algorithm), judgement.used

    def _most_severe(self, rows: Iterable[tuple[int, WorstRow]]) -> tuple[int, WorstRow]:
        return max(rows, key=lambda one: self._severity(one[1].judgement))

    def _saw(self, shape: str, judgement: Judgement) -> tuple[int, float]:
        """Return the severity of the worst row of a shape that is judged so far, this one too."""
        severity = self._severity(judgement)
        self._worst[shape] = max(severity, self._worst.get(shape, severity))
        self._worst_level = max(severity[0], self._worst_level)
        return self._worst[shape]

    def add(self, case: Case, found: Sequence[JudgedRow | AcceptedRows]) -> None:
        """Add what a check found on a case that passed."""
        self._cases += 1
        judged = []
        for one in found:
            if isinstance(one, AcceptedRows):
                by_shape: dict[str, list[int]] = {}
                for place, row in enumerate(one.rows):
                    by_shape.setdefault(case.regimes[row].shape, []).append(place)
                for shape, places in by_shape.items():
                    of_shape = self._accepted.setdefault(shape, [])
                    of_shape.append((self._cases, case, one, places))
            else:
                judged.append((self._cases, WorstRow(one.judgement, case, one.row)))
                self._saw(case.regimes[one.row].shape, one.judgement)
        if judged:
            self._worst_rows.append(self._most_severe(judged))

    def _settled(self, shape: str) -> tuple[int, WorstRow]:
        """Return the worst of the accepted rows of a shape, and the number of its case."""
        bounds = sorted(
            (
                (int(rows.ranks[place]), float(rows.used[place]), number, place)
                for number, (_, _, rows, places) in enumerate(self._accepted[shape])
                for place in places
            ),
            key=lambda bound: (-bound[0], -bound[1], bound[2:]),
        )
        worst = self._worst.get(shape, (0, 0.0))
        judged: list[tuple[int, WorstRow]] = []
        values = 0
        for rank, used, number, place in bounds:
            ample = judged and values >= _AMPLE
            if judged and ((rank, used) <= worst or (ample and rank <= self._worst_level)):
                break
            case_number, case, rows, _ = self._accepted[shape][number]
            row = int(rows.rows[place])
            if ample and rows.explains(row, self._levels[self._worst_level]):
                continue
            judgement = rows.judge(row)
            judged.append((case_number, WorstRow(judgement, case, row)))
            worst = self._saw(shape, judgement)
            values += case.classes
        return self._most_severe(judged)

    @CLOCK.charging("checks")
    def settled(self) -> tuple[WorstRow, ...]:
        """Return the worst rows, in the order of their cases."""
        found = chain(self._worst_rows, map(self._settled, self._accepted))
        return tuple(row for _, row in sorted(found, key=lambda one: one[0]))
