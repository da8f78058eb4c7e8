"""The worst level of the accepted rows is found, with as few judged as prove it."""

from collections.abc import Mapping

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.core.evidence import AcceptedRows, JudgedRow
from gradcert.engine.worst_rows import _AMPLE, WorstRows
from gradcert_oracle import BINARY64, Algorithm, Judgement, levels

LEVELS = levels(BINARY64)

Severity = tuple[int, float]


def _case(shapes: list[str], classes: int) -> Case:
    return Case({"logits": np.zeros((len(shapes), classes))}, tuple(map(Regime, shapes)))


def _judgement(severity: Severity) -> Judgement:
    return Judgement(LEVELS[severity[0]], severity[1], 0)


class _Rows:
    """Accepted rows with bounds and with what the oracle finds, which keep account."""

    def __init__(self, bounds: Mapping[int, Severity], truth: Mapping[int, Severity]) -> None:
        self.judged: list[int] = []
        self._truth = truth
        ranks, used = zip(*bounds.values(), strict=True)
        self.found = AcceptedRows(
            np.array(list(bounds)), np.array(ranks), np.array(used), self, self._explains
        )

    def __call__(self, row: int) -> Judgement:
        self.judged.append(row)
        return _judgement(self._truth[row])

    def _explains(self, row: int, algorithm: Algorithm) -> bool:
        return LEVELS.index(algorithm) >= self._truth[row][0]


def _severities(found: WorstRows) -> list[tuple[int, Severity]]:
    return [
        (row.row, (LEVELS.index(row.judgement.algorithm), row.judgement.used))
        for row in found.settled()
        if row.judgement.algorithm
    ]


def test_the_worst_judged_row_of_each_case_is_kept() -> None:
    found = WorstRows(BINARY64)
    found.add(
        _case(["ties", "ties"], 2),
        [JudgedRow(0, _judgement((0, 0.5))), JudgedRow(1, _judgement((1, 0.1)))],
    )
    found.add(_case(["ties"], 2), [])
    found.add(_case(["ties"], 2), [JudgedRow(0, _judgement((0, 0.9)))])
    assert _severities(found) == [(1, (1, 0.1)), (0, (0, 0.9))]


def test_rows_are_judged_until_none_left_can_be_worse() -> None:
    rows = _Rows(
        {0: (0, 1.9), 1: (1, 0.5), 2: (1, 1.5), 3: (1, 0.9)},
        {2: (0, 1.0), 3: (1, 0.6), 1: (1, 0.5)},
    )
    found = WorstRows(BINARY64)
    found.add(_case(["ties"] * 4, 2), [rows.found])
    assert _severities(found) == [(3, (1, 0.6))]
    assert rows.judged == [2, 3]


def test_a_worse_level_is_found_behind_a_larger_bound() -> None:
    rows = _Rows({0: (1, 1.9), 1: (1, 0.2)}, {0: (0, 0.1), 1: (1, 0.2)})
    found = WorstRows(BINARY64)
    found.add(_case(["ties"] * 2, _AMPLE), [rows.found])
    assert _severities(found) == [(1, (1, 0.2))]


def test_the_search_for_the_most_budgets_ends_but_that_for_the_level_does_not() -> None:
    rows = _Rows(
        {0: (1, 1.9), 1: (1, 1.8), 2: (1, 1.7), 3: (1, 1.6)},
        {0: (0, 0.1), 1: (1, 0.2), 2: (1, 0.9), 3: (1, 0.9)},
    )
    found = WorstRows(BINARY64)
    found.add(_case(["ties"] * 4, _AMPLE), [rows.found])
    assert _severities(found) == [(1, (1, 0.2))]
    assert rows.judged == [0, 1]


def test_a_row_that_the_worst_level_explains_is_not_judged_once_enough_are() -> None:
    rows = _Rows(
        {0: (2, 1.9), 1: (2, 1.8), 2: (2, 1.7), 3: (1, 1.6)},
        {0: (1, 0.1), 1: (1, 0.5), 2: (2, 0.2), 3: (1, 0.9)},
    )
    found = WorstRows(BINARY64)
    found.add(_case(["ties"] * 4, _AMPLE), [rows.found])
    assert _severities(found) == [(2, (2, 0.2))]
    assert rows.judged == [0, 2]


def test_each_shape_of_rows_has_its_own_worst_row_and_one_is_judged_at_least() -> None:
    rows = _Rows({0: (1, 0.5), 1: (1, 0.1), 2: (0, 0.5)}, {0: (1, 0.5), 1: (1, 0.0), 2: (0, 0.5)})
    found = WorstRows(BINARY64)
    found.add(_case(["benign"], 2), [JudgedRow(0, _judgement((2, 1.0)))])
    found.add(_case(["ties", "benign", "spread"], 2), [rows.found])
    assert _severities(found) == [
        (0, (2, 1.0)),
        (0, (1, 0.5)),
        (1, (1, 0.0)),
        (2, (0, 0.5)),
    ]
