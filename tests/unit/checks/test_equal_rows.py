"""Equal rows with equal answers are examined once, and no other row is left out."""

import numpy as np
import pytest
from subjects import case_of, claim_of, right

from gradcert.checks import accuracy
from gradcert.checks.accuracy import accuracy as check_accuracy
from gradcert.checks.screening import without_screen
from gradcert.core.case import Case
from gradcert.core.evidence import AcceptedRows, JudgedRow, Refuted
from gradcert_implementations import Array
from gradcert_oracle import Judgement, judge

UNLIKE = 40


def _repeated(rows: int, classes: int = 3) -> Case:
    """Return a batch of equal rows, of which the first ones are unlike."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(UNLIKE, classes)) * 5
    t = np.eye(classes)[rng.integers(classes, size=UNLIKE)]
    repeated = np.concatenate([np.arange(UNLIKE), rng.integers(UNLIKE, size=rows - UNLIKE)])
    return case_of(z[repeated], t[repeated])


def _rows(found: list[JudgedRow | AcceptedRows]) -> list[int]:
    return sorted(
        row
        for one in found
        for row in (one.rows.tolist() if isinstance(one, AcceptedRows) else [one.row])
    )


def test_equal_rows_with_equal_answers_are_examined_once() -> None:
    assert _rows(check_accuracy(claim_of(right), _repeated(3000))) == list(range(UNLIKE))


def test_equal_rows_with_equal_answers_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def watched(*asked: object) -> Judgement:
        judged.append(asked)
        return judge(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(accuracy, "judge", watched)
    with without_screen():
        found = check_accuracy(claim_of(right), _repeated(3000))
    assert _rows(found) == list(range(UNLIKE))
    assert len(judged) == UNLIKE


def test_an_equal_row_with_another_answer_is_examined_too() -> None:
    def wrong(z: Array, t: Array) -> Array:
        answer = right(z, t)
        answer[2900:, 1] += 1e-13
        return answer

    case = _repeated(3000)
    with pytest.raises(Refuted) as found:
        check_accuracy(claim_of(wrong), case)
    assert (found.value.evidence.row, found.value.evidence.index) == (2900, 1)
    assert found.value.evidence.case is case
    with without_screen(), pytest.raises(Refuted) as judged:
        check_accuracy(claim_of(wrong), case)
    assert judged.value.evidence == found.value.evidence


def test_what_is_accepted_is_judged_by_its_number_in_the_batch() -> None:
    case = _repeated(3000)
    last = case.of_rows(np.arange(2000, 3000))
    found = check_accuracy(claim_of(right), last)
    (accepted,) = (one for one in found if isinstance(one, AcceptedRows))
    answer = right(last["logits"], last["targets"])
    for row in map(int, accepted.rows[:5]):
        asked = claim_of(right).question(last, row)
        assert accepted.judge(row) == judge(asked, answer[row].tolist())
