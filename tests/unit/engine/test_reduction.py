"""A failing case of the plan is made small, and stays in the domain of its claim."""

from collections.abc import Callable

import numpy as np
import pytest
from subjects import case_of, right

import gradcert
from gradcert.core.case import Case
from gradcert.engine.reduction import reduced
from gradcert_implementations import Array
from gradcert_reports import Discrepancy

RNG = np.random.default_rng(0)


def _drawn(rows: int, classes: int) -> Case:
    z = RNG.choice([-7.25, -1.5, 2.75, 4.125], (rows, classes))
    return case_of(z, np.eye(classes)[RNG.integers(0, classes, rows)])


def _reduced(case: Case, fails: Callable[[Case], bool], row: int = 0, fewest: int = 1) -> Case:
    assert fails(case)
    found = reduced(case, row, fails, fewest_classes=fewest)
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
