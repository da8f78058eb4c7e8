"""A condition holds of every wrong row, and of no right one."""

from collections.abc import Callable

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, right, softmax

from gradcert.core.case import Case, Regime
from gradcert.diagnosis.where import Rows, where
from gradcert_implementations import Array


def batch(rows: int, classes: int, seed: int = 0) -> Case:
    generator = np.random.default_rng([rows, classes, seed])
    z = generator.normal(size=(rows, classes)) * generator.choice([1.0, 8.0, 50.0], (rows, 1))
    t = np.eye(classes)[generator.integers(0, classes, rows)]
    return Case({"logits": z, "targets": t}, (Regime("benign"),) * rows)


BATCHES = [batch(rows, classes) for rows in (1, 2, 3, 5, 9, 17) for classes in (1, 2, 3, 7, 8, 40)]

Wrong = Callable[[Array, Array], Array]
"""Which rows of a batch are wrong."""


def parted(wrong: Wrong) -> str:
    """Return the condition for rows that are wrong by this rule, in words."""
    rules = [wrong(case["logits"], case["targets"]) for case in BATCHES]
    found = where(
        [Rows(case, np.flatnonzero(rule)) for case, rule in zip(BATCHES, rules, strict=True)],
        [Rows(case, np.flatnonzero(~rule)) for case, rule in zip(BATCHES, rules, strict=True)],
    )
    if found is None:
        return ""
    for case, rule in zip(BATCHES, rules, strict=True):
        assert (found.holds(case) == rule).all()
    return str(found)


def every(holds: bool, z: Array) -> Array:
    return np.full(len(z), holds)


@pytest.mark.parametrize(
    ("wrong", "condition"),
    [
        (lambda z, _t: every(z.shape[1] > 7, z), "in rows of 8 classes or more"),
        (lambda z, _t: every(z.shape[1] < 3, z), "in rows of 2 classes or fewer"),
        (lambda z, _t: every(z.shape[1] == 7, z), "in rows of 7 classes"),
        (lambda z, _t: every(len(z) > 4, z), "in batches of 5 rows or more"),
        (lambda z, _t: np.arange(len(z)) >= 9, "from row 9 on"),
        (lambda z, _t: np.arange(len(z)) == len(z) - 1, "in row 1 from the end"),
        (lambda _z, t: t[:, 0] == 1, "where the target is class 0"),
        (lambda _z, t: t[:, -1] == 1, "where the target is class 1 from the end"),
        (
            lambda z, _t: every(z.shape[1] % 2 == 0, z),
            "where the number of classes is a multiple of 2",
        ),
    ],
)
def test_a_size_or_a_place_sets_wrong_rows_apart(wrong: Wrong, condition: str) -> None:
    assert parted(wrong) == condition


def test_a_bound_of_a_size_of_logits_is_that_of_the_smallest_wrong_row() -> None:
    found = parted(lambda z, _t: np.abs(z).max(axis=1) > 30)
    least = min(x for case in BATCHES for x in np.abs(case.point).max(axis=1) if x > 30)
    assert found == f"where a logit is {least:.3g} or more in size"


def test_two_bounds_are_named_where_one_is_not_enough() -> None:
    found = parted(lambda z, _t: every(len(z) > 4 and z.shape[1] > 7, z))
    assert found == "in rows of 8 classes or more and in batches of 5 rows or more"


def test_three_bounds_are_named_where_two_are_not_enough() -> None:
    found = parted(lambda z, _t: every(3 < z.shape[1] < 9, z) & (np.arange(len(z)) % 2 > 0))
    assert found == (
        "in rows of 7 classes or more, in rows whose number leaves 1 when it is divided by 2 and "
        "in rows of 8 classes or fewer"
    )


def masked(classes: int, place: slice) -> Rows:
    """Return rows of zeros with masked classes."""
    z = np.zeros((4, classes))
    z[:, place] = -np.inf
    return Rows(Case({"logits": z}, (Regime("masked"),) * 4), range(4))


@pytest.mark.parametrize(
    ("half", "wrong", "right"),
    [
        ("first", [(5, 2), (10, 5)], [(5, 1), (10, 4), (5, -2), (10, -6)]),
        ("last", [(5, -3), (10, -5)], [(5, -2), (10, -4), (5, 3), (10, 6)]),
    ],
)
def test_a_masked_half_sets_wrong_rows_apart(
    half: str, wrong: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    def rows(sizes: list[tuple[int, int]]) -> list[Rows]:
        return [masked(n, slice(m) if m > 0 else slice(m, None)) for n, m in sizes]

    assert str(where(rows(wrong), rows(right))) == f"where the {half} half of the row is masked"


def test_nothing_is_said_of_rows_that_are_wrong_by_chance() -> None:
    generator = np.random.default_rng(0)
    assert parted(lambda z, _t: generator.random(len(z)) < 0.5) == ""


def test_nothing_is_said_if_all_rows_are_wrong_or_too_few_are() -> None:
    assert parted(lambda z, _t: every(True, z)) == ""
    assert where([Rows(BATCHES[0], [0])], [Rows(case, [0]) for case in BATCHES[6:]]) is None


@pytest.mark.parametrize(
    ("function", "flaw", "condition"),
    [
        (
            lambda z, t: right(z, t) * (z.shape[1] < 9),
            "zero-gradient",
            "in rows of 9 classes or more",
        ),
        (
            lambda z, t: right(z, t) * (z.max(axis=1, keepdims=True) < 1e3),
            "zero-gradient",
            "where the largest logit is ",
        ),
        (
            lambda z, t: right(z, t) * np.where(len(z) > 3, -1, 1).astype(z.dtype),
            "sign-flipped",
            "in batches of 4 rows or more",
        ),
        (
            lambda z, t: np.where((softmax(z) < 2**-12) & (z.shape[1] > 8), 0, softmax(z)) - t,
            "small-probabilities-flushed",
            "in rows of 9 classes or more",
        ),
        (
            lambda z, t: right(z, t) * (np.arange(len(z)) < 65535)[:, np.newaxis],
            "rows-beyond-the-grid",
            "",
        ),
    ],
)
def test_a_known_mistake_under_a_condition_is_named_with_the_condition(
    function: Callable[..., Array], flaw: str, condition: str
) -> None:
    found = diagnosis(function, effort="standard")
    assert found.matches[0].flaw == flaw
    assert found.matches[0].where.startswith(condition)
