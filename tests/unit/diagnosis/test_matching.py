"""A flaw matches where it fails the same check on the same case in the same way as the subject."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from diagnosis_subjects import (
    BOTH,
    Belated,
    Noisy,
    OneBuffer,
    at_half_the_logits,
    descent_direction,
    diagnosis,
    diagonal_of_an_explicit_jacobian,
    explained,
    hiding_nan,
    in_binary32_from_the_last_class,
    in_bits,
    jacobian_of_a_diagonal,
    leaking_from_the_first_row,
    loss_in_bits,
    loss_of_differences,
    loss_of_logarithms,
    matches,
    mean_of_the_rows,
    negative_slopes,
    negative_softmax,
    normalised_down_the_columns,
    raising,
    scaled,
    shifted_by_the_largest_of_all,
    slope_of_two_classes,
    softmax,
    softmax_of_probabilities,
    unshifted,
    working_in_its_arguments,
    zeros,
)
from subjects import case_of, claim_of, right, under_upstream

from gradcert.checks import check_named
from gradcert.core.case import Case, Regime
from gradcert.core.evidence import Evidence
from gradcert.core.failures import NotSupported, Raised
from gradcert.diagnosis.matching import fails, fails_in_the_same_way, failure_on, in_place_of
from gradcert.diagnosis.observing import observed
from gradcert_implementations import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    Array,
    Flaw,
    FormatName,
    Implementation,
    Options,
    QuantityName,
    as_implementation,
    documented,
    load,
)
from gradcert_implementations.parametric import ParametricFlaw

BY_ANOTHER_HAND: list[tuple[str, QuantityName, Callable[..., Any]]] = [
    ("sign-flipped", "dE/dz", descent_direction),
    ("softmax-twice", "dE/dz", softmax_of_probabilities),
    ("base-two-logarithm", "dE/dz", in_bits),
    ("base-two-logarithm", "loss", loss_in_bits),
    ("no-shift", "dE/dz", unshifted),
    ("overwrites-logits", "dE/dz", working_in_its_arguments),
    ("stale-result", "dE/dz", Belated),
    ("reused-buffer", "dE/dz", OneBuffer),
    ("one-maximum-for-the-batch", "dE/dz", shifted_by_the_largest_of_all),
    ("divided-by-batch", "dE/dz", mean_of_the_rows),
    ("wrong-axis", "dE/dz", normalised_down_the_columns),
    ("temperature-left-on", "dE/dz", at_half_the_logits),
    ("nan-hidden", "dE/dz", hiding_nan),
    ("zero-gradient", "dE/dz", zeros),
    ("wrong-factor", "dE/dz", scaled),
    ("wrong-factor", "dE/do", negative_slopes),
    ("wrong-factor", "softmax", negative_softmax),
    ("masked-loss", "loss", loss_of_logarithms),
    ("diagonal-jacobian", "do/dz", jacobian_of_a_diagonal),
]


@pytest.mark.parametrize(("flaw", "quantity", "make"), BY_ANOTHER_HAND)
def test_a_known_mistake_by_another_hand_is_named_and_explains_the_cases(
    flaw: str, quantity: QuantityName, make: Callable[..., Any]
) -> None:
    found = diagnosis(make() if isinstance(make, type) else make, quantity)
    assert found.matches[0].flaw == flaw
    assert 10 * found.matches[0].explains >= 9 * found.cases > 9
    assert found.matches[0].title == documented(flaw)[0]


@pytest.mark.parametrize("effort", ["quick", "standard"])
def test_a_softmax_without_a_shift_in_binary16_is_no_sum_that_overflows_there(effort: str) -> None:
    found = diagnosis(unshifted, formats=("binary16",), effort=effort)
    assert [one.flaw for one in found.matches] == ["no-shift"]


def zero_where_the_largest_logits_are_equal(z: Array, t: Array) -> Array:
    equal = np.count_nonzero(z == np.amax(z, axis=1)[:, None], axis=1) > 1
    slope = right(z, t)
    slope[equal] = 0
    return slope


@pytest.mark.parametrize("seed", range(3))
def test_zeros_where_the_largest_logits_are_equal_are_named_with_that_condition(seed: int) -> None:
    few = diagnosis(
        zero_where_the_largest_logits_are_equal, max_examples=5, effort="quick", seed=seed
    )
    assert [(one.flaw, one.where) for one in few.matches] == [
        ("zero-gradient", "where the two largest logits differ by 0 or less")
    ]


def test_binary32_inside_is_named_for_any_order_of_its_sums() -> None:
    found = diagnosis(in_binary32_from_the_last_class, formats=("binary64",))
    assert found.matches[0].flaw == "through-binary32"
    assert found.matches[0].explains == found.cases > 1


def slope_of_the_loss(o: Array, t: Array) -> Array:
    return np.where(t == 0, np.zeros_like(t), -t / o)


def outer_product_from_the_diagonal(z: Array) -> Array:
    o = softmax(z)
    result: Array = np.einsum("bi,ij->bij", o, np.eye(z.shape[1], dtype=z.dtype))
    return result - np.einsum("bi,bj->bij", o, o)


def surprise(z: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    return np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y


def difference_of_products(z: Array, v: Array) -> Array:
    o = softmax(z)
    result: Array = o * v - o * np.add.reduce(o * v, axis=1)[:, None]
    return result


def difference_of_sums(z: Array, v: Array) -> Array:
    result: Array = v - softmax(z) * np.add.reduce(v, axis=1)[:, None]
    return result


def weighted_differences(z: Array, t: Array, v: Array) -> Array:
    return difference_of_products(z, v) * np.add.reduce(t, axis=1)[:, None]


IN_BINARY32: dict[QuantityName, Callable[..., Array]] = {
    "softmax": softmax,
    "loss": loss_of_differences,
    "dE/do": slope_of_the_loss,
    "do/dz": outer_product_from_the_diagonal,
    "dE/dz": right,
    "log-softmax": lambda z: -surprise(z),
    "softmax-backward": difference_of_products,
    "log-softmax-backward": difference_of_sums,
    "hvp": weighted_differences,
    "dE/dt": lambda z, _t: surprise(z),
}


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_binary64_by_way_of_binary32_is_named_and_nothing_narrower_is(
    quantity: QuantityName,
) -> None:
    def narrowed(*arguments: Array) -> Array:
        result = IN_BINARY32[quantity](*(a.astype(np.float32) for a in arguments))
        return result.astype(arguments[0].dtype)

    found = diagnosis(narrowed, quantity)
    assert found.matches[0].flaw == "through-binary32"
    assert list(matches(found).values()) == [found.cases]


def test_binary64_rounded_to_bfloat16_is_named() -> None:
    def rounded(z: Array, t: Array) -> Array:
        return np.subtract(softmax(z).astype(ml_dtypes.bfloat16).astype(z.dtype), t)

    found = diagnosis(rounded)
    best = found.matches[0]
    assert (best.flaw, best.explains) == ("probability-rounded-to-a-narrow-format", found.cases)


def test_the_diagonal_of_an_explicit_jacobian_is_named() -> None:
    """It divides by probabilities. If these underflow it returns NaN, which is another mistake."""
    found = diagnosis(diagonal_of_an_explicit_jacobian, largest_logit=30.0)
    assert matches(found) == {"diagonal-only": found.cases}
    anywhere = diagnosis(diagonal_of_an_explicit_jacobian, formats=BOTH)
    assert anywhere.cases / 2 < explained(anywhere)["diagonal-only"] < anywhere.cases
    assert "some wrong values are NaN" in anywhere.findings


def test_a_flaw_that_explains_some_of_the_cases_explains_them_partly() -> None:
    """Near one, ``o (1 - o)`` may be rounded either way, and there the flaw differs from it."""
    found = diagnosis(slope_of_two_classes, "dE/do", effort="standard")
    assert found.matches == ()
    assert found.partly[0].flaw == "binary-cross-entropy-slope"
    assert found.cases / 4 < found.partly[0].explains < found.cases / 2


def nan_in_the_first_class(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[:, 0] = np.nan
    return found


def raised_by_a_quarter(z: Array, t: Array) -> Array:
    result: Array = right(z, t) + z.dtype.type(0.25)
    return result


@pytest.mark.parametrize("function", [nan_in_the_first_class, raised_by_a_quarter])
def test_nan_alone_or_rows_of_two_classes_alone_explain_nothing_partly(
    function: Callable[..., Array],
) -> None:
    """Some flaw answers NaN for one class too, and some flaw with a number fits two classes."""
    found = diagnosis(function, formats=BOTH)
    assert found.partly == ()
    assert found.unexplained == found.cases


FLAW_FORMATS = load("sign-flipped").formats
"""The formats that the flaw is known in. In others, its sums differ from better ones."""


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_a_mistake_is_named_in_every_format(format: FormatName) -> None:
    def in_the_other_direction(z: Array, t: Array) -> Array:
        wide, targets = z.astype(np.float64), t.astype(np.float64)
        return descent_direction(wide, targets).astype(z.dtype)

    found = diagnosis(in_the_other_direction, formats=(format,))
    assert found.matches[0].flaw == "sign-flipped"
    assert "the sign is flipped" in found.findings
    if format in FLAW_FORMATS:
        assert found.matches[0].explains == found.cases


class WrongOnce:
    """Is wrong in one answer and never again."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 20)


def test_an_error_that_does_not_come_back_is_no_known_flaw() -> None:
    assert diagnosis(WrongOnce()).matches == ()


def test_noise_is_no_known_flaw() -> None:
    assert diagnosis(Noisy()).matches == ()


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
