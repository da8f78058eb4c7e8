"""A flaw under a condition is wrong where it holds, and right elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from subjects import BY_ID, case_of, claim_of, right, under_upstream

from gradcert.core.case import Case
from gradcert.diagnosis.conditional import under
from gradcert.diagnosis.observing import observed
from gradcert.diagnosis.where import Condition, Rows, where
from gradcert_implementations import Array, Flaw, load


def flaw(name: str) -> Flaw:
    known = load(name)
    assert isinstance(known, Flaw)
    return known


def zeros(rows: int, classes: int) -> Case:
    return case_of(np.zeros((rows, classes)).tolist(), np.eye(classes)[[0] * rows].tolist())


@pytest.fixture
def from_row_two() -> Condition:
    """Hold from row 2 on."""
    cases = [zeros(rows, 4) for rows in (3, 4, 6, 9)]
    found = where(
        [Rows(case, range(2, case.rows)) for case in cases], [Rows(case, [0, 1]) for case in cases]
    )
    assert str(found) == "from row 2 on"
    assert found is not None
    return found


def test_rows_outside_the_condition_are_right_and_the_others_are_those_of_the_flaw(
    from_row_two: Condition,
) -> None:
    claim, case = claim_of(right), zeros(5, 3)
    conditional = replace(
        claim, implementation=under(from_row_two, flaw("zero-gradient"), claim)
    ).answer(case)
    assert np.array_equal(conditional[:2], claim.answer(case)[:2])
    assert not conditional[2:].any()


def test_only_the_flaw_is_called_where_all_rows_meet_the_condition() -> None:
    cases = [zeros(3, classes) for classes in (2, 3, 9, 12)]
    wide = where(
        [Rows(case, range(3)) for case in cases[2:]],
        [Rows(case, range(3)) for case in cases[:2]] * 2,
    )
    assert wide is not None
    claim = claim_of(right)
    overwriting = replace(claim, implementation=under(wide, flaw("overwrites-logits"), claim))
    for classes, kept in ((3, True), (12, False)):
        logits, targets = np.ones((2, classes)), np.eye(classes)[:2]
        overwriting.call(logits, targets)
        assert np.array_equal(logits, np.ones((2, classes))) is kept


def test_a_flaw_that_takes_the_upstream_gradient_makes_its_mistake_under_a_condition_of_it() -> (
    None
):
    def with_upstream(*upstream: float) -> Case:
        return replace(zeros(len(upstream), 3), upstream=np.array(upstream))

    small, large = with_upstream(0.0, 0.5, 0.25), with_upstream(2.0, -3.0, 4.0)
    condition = where([Rows(large, range(3))], [Rows(small, range(3))])
    assert str(condition) == "where the upstream gradient is 2 or more in size"
    assert condition is not None
    claim = claim_of(under_upstream(right))
    subject = under(condition, flaw("upstream-gradient-ignored"), claim)
    answer = replace(claim, implementation=subject).answer(with_upstream(0.5, 2.0))
    plain = right(np.zeros((2, 3)), np.eye(3)[[0, 0]])
    assert np.array_equal(answer, plain * [[0.5], [1.0]])


def test_an_empty_batch_is_answered(from_row_two: Condition) -> None:
    claim = claim_of(right)
    conditional = replace(claim, implementation=under(from_row_two, flaw("sign-flipped"), claim))
    assert conditional.call(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("classes", [3, 40])
def test_each_row_of_a_case_is_seen_right_or_wrong(classes: int) -> None:
    def second_row_zero(z: Array, t: Array) -> Array:
        answer = right(z, t)
        answer[1:2] = 0
        return answer

    seen = observed(claim_of(second_row_zero), BY_ID["accuracy"], zeros(4, classes))
    assert (seen.right, seen.wrong) == ({0, 2, 3}, {1})


def test_a_check_of_the_contract_finds_all_rows_wrong_or_none() -> None:
    def overwriting(z: Array, t: Array) -> Array:
        answer = right(z, t)
        z[:] = 0
        return answer

    case = zeros(2, 3).map(lambda array: array + 1)
    for function, wrong in ((overwriting, {0, 1}), (right, set())):
        assert observed(claim_of(function), BY_ID["inputs-unchanged"], case).wrong == wrong
