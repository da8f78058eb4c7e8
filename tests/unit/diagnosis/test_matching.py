"""A flaw matches where it fails the same check on the same case in the same way as the subject."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from diagnosis_subjects import (
    descent_direction,
    difference_of_products,
    leaking_from_the_first_row,
    raising,
)
from subjects import case_of, claim_of, right, under_upstream

from gradcert.checks import check_named
from gradcert.core.case import Case, Regime
from gradcert.core.evidence import Evidence
from gradcert.core.failures import NotSupported, Raised
from gradcert.diagnosis.matching import fails, fails_in_the_same_way, failure_on, in_place_of
from gradcert.diagnosis.observing import observed
from gradcert_implementations import (
    Array,
    Flaw,
    Implementation,
    Options,
    as_implementation,
    load,
)
from gradcert_implementations.parametric import ParametricFlaw

TWO_ROWS = case_of([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [1.0, 0.0]])


def _evidence(function: Callable[..., Array], check: str) -> Evidence:
    found = failure_on(claim_of(function), check_named(check), TWO_ROWS)
    assert isinstance(found, Evidence)
    return found


def _flaw(name: str) -> Flaw:
    flaw = load(name)
    assert isinstance(flaw, Flaw)
    return flaw


@pytest.mark.parametrize(
    ("flaw", "same"),
    [("sign-flipped", True), ("zero-gradient", False), ("target-component-cancels", False)],
)
def test_a_flaw_fails_in_the_same_way_if_its_values_are_the_same_up_to_rounding(
    flaw: str, same: bool
) -> None:
    evidence = _evidence(descent_direction, "accuracy")
    check, claim = check_named("accuracy"), claim_of(descent_direction)
    assert fails_in_the_same_way(_flaw(flaw), claim, check, evidence, {}) is same


@pytest.mark.parametrize(
    ("flaw", "same"),
    [("through-binary32", True), ("row-sum-missing", False), ("diagonal-jacobian", False)],
)
def test_flaws_are_distinguished_where_all_values_are_small(flaw: str, *, same: bool) -> None:
    def flushing(z: Array, v: Array) -> Array:
        return difference_of_products(z, np.where(abs(v) < 1e-150, 0, v))

    claim, accuracy = claim_of(flushing, "softmax-backward"), check_named("accuracy")
    rows = {"logits": [[0.0, 0.0, 0.0]], "targets": [[1.0, 0.0, 0.0]], "v": [[1e-200, 0.0, 0.0]]}
    case = Case({name: np.array(row) for name, row in rows.items()}, (Regime("ties"),))
    evidence = failure_on(claim, accuracy, case)
    assert isinstance(evidence, Evidence)
    assert fails_in_the_same_way(_flaw(flaw), claim, accuracy, evidence, {}) is same


def test_a_flaw_does_not_match_in_a_format_wider_than_those_it_is_known_in() -> None:
    flaw = _flaw("upcast-is-a-copy-only-if-needed")
    assert "binary64" not in flaw.formats
    itself = flaw.functions["dE/dz"]
    evidence = _evidence(itself, "accuracy")
    assert not fails_in_the_same_way(flaw, claim_of(itself), check_named("accuracy"), evidence, {})


def test_an_answer_too_far_from_the_truth_for_binary64_is_compared_without_a_warning() -> None:
    """The true slopes are -1e300 and 0, and those of the flaw twice that."""
    largest = np.finfo(float).max
    claim = claim_of(lambda o, _t: np.full_like(o, largest), "dE/do")
    rows = np.array([[1e-300, 1.0]]), np.array([[1.0, 0.0]])
    case = Case(dict(zip(claim.quantity.arguments, rows, strict=True)), (Regime("ties"),))
    accuracy = check_named("accuracy")
    evidence = failure_on(claim, accuracy, case)
    assert isinstance(evidence, Evidence)
    assert observed(claim, accuracy, case).wrong == {0}
    flaw = load("wrong-factor")
    assert isinstance(flaw, ParametricFlaw)
    assert not fails_in_the_same_way(flaw.with_values(2.0), claim, accuracy, evidence, {})


def unwilling(_z: Array, _t: Array) -> Array:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (right, type(None)),
        (descent_direction, Evidence),
        (raising, Raised),
        (unwilling, NotSupported),
    ],
)
def test_a_failure_on_a_case_is_the_evidence_or_the_error_of_the_check(
    function: Callable[..., Array], kind: type
) -> None:
    assert type(failure_on(claim_of(function), check_named("accuracy"), TWO_ROWS)) is kind


def test_a_subject_is_asked_another_case_before_and_after_so_that_no_state_is_left() -> None:
    asked: list[tuple[int, ...]] = []

    def recording(z: Array, t: Array) -> Array:
        asked.append(z.shape)
        return descent_direction(z, t)

    _evidence(recording, "accuracy")
    assert TWO_ROWS.point.shape in asked[1:-1]
    assert asked[0] == asked[-1] == (1, 1)


def test_a_nan_that_reached_another_row_does_so_again_on_the_case_that_shows_it() -> None:
    first = _evidence(leaking_from_the_first_row, "nan-stays-in-its-row")
    assert first.statement == "a NaN in row 0 reached the answer of another row"
    claim = claim_of(leaking_from_the_first_row)
    again = failure_on(claim, check_named("nan-stays-in-its-row"), first.case)
    assert isinstance(again, Evidence)
    assert (again.statement, again.row, again.returned) == (
        first.statement,
        first.row,
        first.returned,
    )


@pytest.mark.parametrize(("size", "same"), [(2.0**-30, True), (1.0, False)])
def test_two_answers_that_are_a_flaws_but_for_rounding_are_its_mistake_where_they_are_wrong(
    size: float, *, same: bool
) -> None:
    def rounded_in_a_batch(z: Array, t: Array, _g: Array) -> Array:
        exact = right(z, t)
        return exact if len(z) == 1 else np.nextafter(exact, 2)

    subject = Implementation(
        name="mine", functions={"dE/dz": rounded_in_a_batch}, takes_upstream=True
    )
    claim, check = claim_of(subject), check_named("row-independence")
    case = replace(TWO_ROWS, upstream=np.full(2, size))
    found = failure_on(claim, check, case)
    assert isinstance(found, Evidence) is same
    if isinstance(found, Evidence):
        for flaw, explains in (("upstream-gradient-ignored", True), ("zero-gradient", False)):
            assert fails_in_the_same_way(_flaw(flaw), claim, check, found, {}) is explains


def test_a_flaw_that_has_no_second_backward_does_not_fail_the_check_of_it() -> None:
    flaw = load("sign-flipped")
    assert isinstance(flaw, Flaw)
    claim, check = claim_of(under_upstream(right)), check_named("second-backward")
    accused = in_place_of(claim, flaw, check)
    assert accused.implementation.second_backward is None
    assert not fails(accused, check, case_of([[0, 1]], [[1, 0]]))


def test_the_second_backward_of_a_flaw_is_compared_and_a_wrong_first_one_with_its_first() -> None:
    def squared(z: Array, t: Array, g: Array) -> Array:
        return right(z, t) * g[:, np.newaxis] ** 2

    flaw, check = load("gradient-multiplied-in-place"), check_named("second-backward")
    assert isinstance(flaw, Flaw)
    case = replace(TWO_ROWS, upstream=np.array([2.0, 3.0]))
    for first, same in ((right, True), (descent_direction, False)):
        subject = replace(under_upstream(first), second_backward=squared)
        claim = claim_of(subject)
        evidence = failure_on(claim, check, case)
        assert isinstance(evidence, Evidence)
        others = observed(claim, check, case).values
        assert fails_in_the_same_way(flaw, claim, check, evidence, others) is same


def test_a_flaw_of_a_layout_explains_claims_of_that_layout_only() -> None:
    def over_the_last_axis(z: Array, t: Array) -> Array:
        powers = np.exp(z - np.amax(z, axis=-1)[..., np.newaxis])
        return np.multiply(powers, 1 / np.add.reduce(powers, axis=-1)[..., np.newaxis]) - t

    flaw, check = load("classes-taken-from-the-last-axis"), check_named("accuracy")
    assert isinstance(flaw, Flaw)
    options = Options(domain={"layout": "channels"}, formats=["binary64"])
    channels = as_implementation(over_the_last_axis, options)

    def of_rows(z: Array, t: Array) -> Array:
        return channels.functions["dE/dz"](z, t)

    for claim, same in ((claim_of(channels), True), (claim_of(of_rows), False)):
        evidence = failure_on(claim, check, TWO_ROWS)
        assert isinstance(evidence, Evidence)
        assert fails_in_the_same_way(flaw, claim, check, evidence, {}) is same
