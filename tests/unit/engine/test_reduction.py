"""A failing case of the plan is made small, and stays in the domain of its claim."""

from collections.abc import Callable

import numpy as np
import pytest
from subjects import case_of, right

import gradcert
from gradcert.core.case import Case, Regime
from gradcert.engine.reduction import reduced
from gradcert_implementations import Array
from gradcert_reports import Discrepancy

RNG = np.random.default_rng(0)


def _drawn(rows: int, classes: int) -> Case:
    z = RNG.choice([-7.25, -1.5, 2.75, 4.125], (rows, classes))
    return case_of(z, np.eye(classes)[RNG.integers(0, classes, rows)])


def _reduced(case: Case, fails: Callable[[Case], bool], row: int = 0, fewest: int = 1) -> Case:
    assert fails(case)
    found = reduced(case, row, fails, fewest_classes=fewest, largest_logit=1e4)
    assert fails(found)
    return found


def test_what_fails_always_is_one_row_of_its_label_alone() -> None:
    found = _reduced(_drawn(9, 33), lambda _: True)
    assert found.point.tolist() == [[0.0]]
    assert found["targets"].tolist() == [[1.0]]


def test_what_needs_a_number_of_classes_keeps_it_and_has_zeros() -> None:
    found = _reduced(_drawn(3, 700), lambda case: case.classes > 512)
    assert found.rows == 1
    assert 513 <= found.classes <= 700
    assert not found.point.any()


def test_what_needs_a_number_of_rows_has_no_more_and_equal_ones() -> None:
    found = _reduced(_drawn(70, 5), lambda case: case.rows > 64)
    assert found.rows == 65
    assert len(np.unique(found.point, axis=0)) == 1


def test_one_number_that_matters_stays_as_an_integer() -> None:
    def fails(case: Case) -> bool:
        return bool((case.point > 3).any())

    found = _reduced(_drawn(4, 200), fails)
    assert np.count_nonzero(found.point) == 1
    assert found.point.max() == 4


def test_no_class_with_a_target_is_dropped_and_no_row_is_masked_whole() -> None:
    z = np.full((1, 40), -np.inf)
    z[0, [3, 17]] = 1.5
    targets = np.zeros((1, 40))
    targets[0, [3, 17]] = 0.5

    def fails(case: Case) -> bool:
        assert case["targets"].sum() == 1
        assert np.isfinite(case.point[case["targets"] > 0]).all()
        return bool((case.point == -np.inf).any() and np.count_nonzero(case["targets"]) == 2)

    found = _reduced(case_of(z, targets), fails)
    assert found.classes == 3


def test_no_case_has_fewer_classes_than_the_subject_takes() -> None:
    assert _reduced(_drawn(2, 90), lambda _: True, fewest=12).classes == 12


def test_the_number_of_tries_is_bounded() -> None:
    tries = 0

    def fails(case: Case) -> bool:
        nonlocal tries
        tries += 1
        return case.classes == 5000

    _reduced(_drawn(1, 5000), fails)
    assert tries < 310


def _beyond(classes: int, place: int) -> Callable[[Array, Array], Array]:
    def wrong(z: Array, t: Array) -> Array:
        gradient = right(z, t)
        if z.shape[1] > classes:
            gradient[:, place] *= 2
        return gradient

    return wrong


@pytest.mark.parametrize(("classes", "place"), [(300, 5), (1500, -1)])
def test_a_wrong_value_in_long_rows_is_shown_by_a_row_of_zeros(classes: int, place: int) -> None:
    found = gradcert.certify(_beyond(classes, place), formats=["fp64"], max_examples=10)
    shown = found.refutations[0].discrepancy
    assert isinstance(shown, Discrepancy)
    assert "logits = np.full((1," in shown.snippet
    assert len(shown.snippet) < 1000


def _case(z: list[float], t: list[float]) -> Case:
    return case_of(np.array([z]), np.array([t]))


def test_what_depends_on_the_number_of_classes_alone_has_no_class_too_many() -> None:
    found = _reduced(_drawn(3, 700), lambda case: case.classes > 512)
    assert found.classes == 513
    assert found["targets"].argmax() == 0


def test_targets_that_need_not_be_soft_are_one_hot_where_the_fault_is() -> None:
    even = np.full(4097, 1 / 4097).tolist()
    found = _reduced(_case([0.0] * 4097, even), lambda case: bool(case["targets"][:, 2049:].any()))
    assert (found.classes, found["targets"].argmax()) == (2050, 2049)
    assert np.count_nonzero(found["targets"]) == 1


def _with_v(v: Array) -> Case:
    case = _drawn(*v.shape)
    return Case({**case.arguments, "v": v}, case.regimes)


def test_v_that_need_not_be_dense_is_one_in_one_class_where_the_fault_is() -> None:
    v = RNG.uniform(1, 4, (2, 30))
    found = _reduced(_with_v(v), lambda case: bool((case["v"][:, -1] > 0).any()))
    assert found["v"][0, -1] == found["v"].sum() == 1
    assert found.regimes[0].v == "v one-hot"


def test_v_of_both_signs_stays_so_with_small_numbers() -> None:
    v = RNG.uniform(-3, 3, (1, 12))
    found = _reduced(_with_v(v), lambda case: case["v"].min() < 0 < case["v"].max())
    assert set(np.abs(found["v"]).ravel()) == {1.0}


def test_v_where_a_logit_is_masked_stays_as_it_is() -> None:
    case = _with_v(np.zeros((1, 4)))
    case = case.at(np.array([[0.0, 0.0, 1.0, -np.inf]]))

    def fails(case: Case) -> bool:
        assert not case["v"][case.point == -np.inf].any()
        return bool((case.point == -np.inf).any())

    _reduced(case, fails)


def test_no_mask_moves_to_a_class_that_has_a_v() -> None:
    case = _with_v(np.eye(8)[[7]])
    z = np.where(np.arange(8) % 2, 0.5, -np.inf)[np.newaxis]
    case = Case({**case.at(z).arguments, "targets": np.eye(8)[[1]]}, case.regimes)

    def fails(case: Case) -> bool:
        assert not case["v"][case.point == -np.inf].any()
        return bool((case.point == -np.inf).sum() == 4 and case["v"].any())

    _reduced(case, fails)


def test_targets_that_need_be_soft_are_two_halves() -> None:
    soft = RNG.dirichlet(np.ones(50)).tolist()
    found = _reduced(_case([0.0] * 50, soft), lambda case: (case["targets"] < 1).all())
    assert found["targets"].tolist() == [[0.5, 0.5]]


def test_rows_of_unlike_numbers_become_zeros_wherever_they_may_be() -> None:
    z = RNG.normal(size=(1, 2049)) * 100
    z[0, 77] = 5000.25
    wide = case_of(z, np.eye(2049)[:1])
    found = _reduced(wide, lambda case: case.classes > 2048 and bool((case.point > 709).any()))
    assert np.count_nonzero(found.point) == 1
    assert found.point.max() == 710


def test_a_row_that_has_to_be_negative_has_equal_integers() -> None:
    z = RNG.normal(size=(1, 236)) - 3600
    found = _reduced(case_of(z, np.eye(236)[:1]), lambda case: bool((case.point < -745).all()))
    assert found.point.tolist() == [[-746.0]]


def test_what_depends_on_the_distance_from_the_maximum_has_a_maximum_of_zero() -> None:
    def fails(case: Case) -> bool:
        below = case.point - case.point.max()
        return bool(((below > -21) & (below < -20)).any())

    z = RNG.uniform(-90, -50, size=(1, 65))
    z[0, [3, 40]] = -49.5, -69.875
    found = _reduced(case_of(z, np.eye(65)[:1]), fails)
    assert np.count_nonzero(found.point) == 1
    assert found.point.min() in {-20.5, -20.25, -20.75}


def test_the_mask_that_matters_is_one_block() -> None:
    z = RNG.normal(size=(1, 300))
    z[0, ::2] = -np.inf
    target = np.eye(300)[1:2]
    found = _reduced(
        case_of(z, target),
        lambda case: case.classes == 300 and np.isinf(case.point).sum() >= 100,
    )
    masked = np.flatnonzero(np.isinf(found.point[0]))
    assert np.ptp(masked) == len(masked) - 1
    assert not found.point[np.isfinite(found.point)].any()


def test_no_number_is_larger_than_the_largest_was() -> None:
    largest = 9.75

    def fails(case: Case) -> bool:
        assert np.abs(case.point).max() <= largest
        return bool((case.point > 8.5).any())

    assert _reduced(_case([largest, -9.5, 0.5], [1.0, 0.0, 0.0]), fails).point.max() == 9


@pytest.mark.parametrize("z", [[-1e9, 0.5, 1.25], [1.5, 2.5, -1e9]])
def test_no_class_gets_a_target_that_a_huge_number_masks_and_no_row_is_masked_whole(
    z: list[float],
) -> None:
    def fails(case: Case) -> bool:
        masked = case.point == -1e9
        assert not case["targets"][masked].any()
        assert not masked.all(axis=1).any()
        return bool(masked.any() and case.point.all())

    _reduced(_case(z, [0.0, 1.0, 0.0]), fails)


def test_a_batch_of_wide_rows_is_reduced_within_the_limit_of_numbers() -> None:
    z = RNG.normal(size=(1606, 166))
    found = _reduced(case_of(z, np.eye(166)[RNG.integers(0, 166, 1606)]), lambda c: c.rows > 1024)
    assert found.point.tolist() == [[0.0]] * 1025


def test_probabilities_stay_probabilities() -> None:
    def fails(case: Case) -> bool:
        assert (case.point > 0).all()
        assert (case.point < 1).all()
        return case.classes > 40

    probabilities = RNG.uniform(0.01, 0.99, size=(1, 90))
    case = Case({"probabilities": probabilities, "targets": np.eye(90)[:1]}, (Regime("benign"),))
    found = reduced(case, 0, fails, fewest_classes=1, largest_logit=1e4)
    assert found.point.tolist() == [[0.5] * 41]


def test_an_ignored_row_that_holds_no_numbers_gets_no_target() -> None:
    z = np.array([[1.0, 2.0, 3.0], [np.nan, 0.0, np.inf], [-np.inf] * 3])
    t = np.array([[0.0, 1.0, 0.0], [0.0] * 3, [0.0] * 3])
    regimes = (Regime("benign", targets="one-hot"), *[Regime("benign", targets="ignored")] * 2)
    tried: list[Case] = []

    def fails(case: Case) -> bool:
        tried.append(case)
        return case.rows == 3 and bool(np.isnan(case.point).any() and case["targets"].any())

    smaller = _reduced(Case({"logits": z, "targets": t}, regimes), fails, row=1)
    assert np.isnan(smaller.point[~smaller["targets"].any(axis=1)]).any()
    for case in tried:
        targeted = case.point[case["targets"].any(axis=1)]
        assert not np.isnan(targeted).any()
        assert not np.isposinf(targeted).any()
