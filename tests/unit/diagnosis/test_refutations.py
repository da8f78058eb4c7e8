"""What refuted a subject is tried again, and what is known of its rows is true of them."""

from collections.abc import Callable

import numpy as np
import pytest
from subjects import BY_ID, case_of, claim_of, flipped, right, under_upstream

from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.matching import fails_in_the_same_way
from gradcert.diagnosis.observing import observed
from gradcert.diagnosis.refutations import Checked, refutations
from gradcert_implementations import Array, Flaw, load

TWO_ROWS = case_of([[1, 0], [0, 2]], [[1, 0], [1, 0]])


def raising(_z: Array, _t: Array) -> Array:
    raise RuntimeError


@pytest.mark.parametrize(("function", "vanished"), [(right, 2), (raising, 0), (flipped, 0)])
def test_a_refuting_case_vanished_only_if_it_passes_when_it_is_tried_again(
    function: Callable[..., Array], vanished: int
) -> None:
    outcome = Outcome(refutations=(Evidence(TWO_ROWS, ""),) * 2)
    found = refutations([Checked(claim_of(function), BY_ID["accuracy"], outcome)])
    assert (found.vanished, found.tried) == (vanished, 2)


@pytest.mark.parametrize(("rows", "tells"), [(2, True), (1, False)])
def test_a_row_of_equal_logits_tells_flaws_apart_if_an_equal_row_is_right(
    rows: int, *, tells: bool
) -> None:
    def last_wrong(z: Array, t: Array) -> Array:
        return right(z, t) * (np.arange(len(z)) < len(z) - 1)[:, np.newaxis]

    case = case_of([[0, 0]] * rows, [[1, 0]] * rows)
    outcome = Outcome(refutations=(Evidence(case, "", row=rows - 1),))
    found = refutations([Checked(claim_of(last_wrong), BY_ID["accuracy"], outcome)])
    assert bool(found.telling) is tells


def _alternating() -> Callable[..., Array]:
    calls: list[int] = []

    def gradient(z: Array, t: Array) -> Array:
        calls.append(len(calls))
        return (-1) ** len(calls) * right(z, t) - 1

    return gradient


def test_what_is_left_out_beside_a_check_of_equal_calls_has_not_vanished() -> None:
    claim, outcome = claim_of(_alternating()), Outcome(refutations=(Evidence(TWO_ROWS, ""),))
    checks = [BY_ID[name] for name in ("same-answer-twice", "accuracy")]
    found = refutations([Checked(claim, check, outcome) for check in checks])
    assert [one.check.id for one in found.again] == ["same-answer-twice"]
    assert (found.vanished, found.tried) == (0, 2)


@pytest.mark.parametrize(("first", "explained"), [(right, False), (flipped, True)])
def test_a_flaw_without_a_second_backward_explains_none_whose_first_one_is_right(
    first: Callable[..., Array], *, explained: bool
) -> None:
    claim, check = claim_of(under_upstream(first, second=flipped)), BY_ID["second-backward"]
    outcome = Outcome(refutations=(Evidence(TWO_ROWS, ""),))
    found = refutations([Checked(claim, check, outcome)])
    assert not found.rows[0].rows.right
    (refutation,) = found.again
    flaw = load("sign-flipped")
    assert isinstance(flaw, Flaw)
    (evidence,), (rows,) = refutation.evidence, refutation.observed
    assert fails_in_the_same_way(flaw, claim, check, evidence, rows.values) is explained


def test_values_of_rows_are_those_of_the_backward_that_they_are_compared_with() -> None:
    def doubled(z: Array, t: Array) -> Array:
        return 2 * right(z, t)

    claim, check = claim_of(under_upstream(flipped, second=doubled)), BY_ID["second-backward"]
    outcome = Outcome(refutations=(Evidence(TWO_ROWS, ""),))
    (refutation,) = refutations([Checked(claim, check, outcome)]).again
    flaw = load("sign-flipped")
    assert isinstance(flaw, Flaw)
    (evidence,), (rows,) = refutation.evidence, refutation.observed
    assert np.array_equal(rows.values[0], flipped(TWO_ROWS.point, TWO_ROWS["targets"])[0])
    assert not fails_in_the_same_way(flaw, claim, check, evidence, rows.values)


def test_a_row_is_wrong_if_only_its_second_backward_is_and_has_no_values_then() -> None:
    def second(z: Array, t: Array) -> Array:
        return right(z, t) + np.array([[1.0], [0.0]])

    claim = claim_of(under_upstream(right, second=second))
    found = observed(claim, BY_ID["second-backward"], TWO_ROWS)
    assert (found.right, found.wrong, found.values) == ({1}, {0}, {})
    assert observed(claim, BY_ID["accuracy"], TWO_ROWS).right == {0, 1}
