"""What the rows of a case count: the divisors of a mean, the kept rows, and rounded weights."""

from fractions import Fraction

import pytest
from subjects import case_of

from gradcert.core.case import Case
from gradcert.core.shares import counted, kept_rows, share_of, true_loss, with_ignored_labels
from gradcert_implementations import Loss, MeanOver
from gradcert_oracle import BINARY16

LOGITS = [[0.0, 1.0, 2.0]] * 4
TARGETS = [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
"""Labels 0, 2 and 2, and an ignored row."""

CASE = case_of(LOGITS, TARGETS)
ALL_IGNORED = case_of(LOGITS[:2], [[0.0] * 3] * 2)

WEIGHTS = (0.1, 7.0, 0.5)


def mean(over: MeanOver | str, **options: object) -> Loss:
    """Return a mean with class weights and ignored rows."""
    given = {"class_weights": WEIGHTS, "ignore_index": -100, **options}
    return Loss(reduction="mean", mean_over=over, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("over", "divisor"),
    [
        (MeanOver.ROWS, Fraction(4)),
        (MeanOver.KEPT, Fraction(3)),
        (MeanOver.ELEMENTS, Fraction(12)),
        (MeanOver.WEIGHTS, Fraction(0.1) + 1),
    ],
)
def test_a_mean_divides_by_what_mean_over_says(over: MeanOver, divisor: Fraction) -> None:
    count = counted(mean(over), CASE)
    assert count.divisor == count.z_divisor == divisor
    assert count.kept.tolist() == [True, False, True, True]


def test_every_kind_of_divisor_is_known() -> None:
    assert all(counted(mean(over), CASE).divisor > 0 for over in MeanOver)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_without_a_mean_nothing_is_divided(reduction: str) -> None:
    loss = Loss(reduction=reduction, ignore_index=-100, z_loss=0.1)  # type: ignore[arg-type]
    count = counted(loss, CASE)
    assert (count.divisor, count.z_divisor) == (1, 1)


def test_a_z_loss_may_have_a_divisor_of_its_own() -> None:
    count = counted(mean("weights", z_loss=0.1, z_loss_mean_over="kept"), CASE)
    assert (count.divisor, count.z_divisor) == (Fraction(0.1) + 1, 3)


def test_class_weights_are_exactly_those_claimed_in_the_loss_and_in_the_divisor() -> None:
    assert true_loss(mean("rows"), 3).class_weights == (0.1, 7.0, 0.5)
    narrow = case_of(LOGITS, TARGETS, BINARY16)
    assert counted(mean("weights"), narrow).divisor == Fraction(0.1) + 1


def test_no_softcap_is_an_infinite_one_to_the_oracle() -> None:
    assert true_loss(Loss(), 3).softcap == float("inf")
    assert true_loss(Loss(softcap=30), 3).softcap == 30


def test_a_row_without_a_target_counts_unless_rows_may_be_ignored() -> None:
    assert kept_rows(Loss(), CASE).all()
    assert kept_rows(Loss(ignore_index=-100), CASE).tolist() == [True, False, True, True]


def test_a_row_whose_label_is_the_ignored_class_does_not_count_and_has_no_target() -> None:
    loss = Loss(ignore_index=2)
    assert kept_rows(loss, CASE).tolist() == [True, False, False, False]
    assert with_ignored_labels(loss, CASE)["targets"].tolist() == [[1, 0, 0], *[[0, 0, 0]] * 3]
    assert CASE["targets"].tolist() == TARGETS


def test_a_label_beyond_the_classes_and_a_class_that_is_no_label_ignore_no_row() -> None:
    for label in (-100, 1, 3):
        assert with_ignored_labels(Loss(ignore_index=label), CASE) is CASE


def test_every_row_counts_where_there_are_no_targets() -> None:
    assert kept_rows(Loss(ignore_index=-100), Case({"logits": CASE.point}, CASE.regimes)).all()


@pytest.mark.parametrize("over", [MeanOver.KEPT, MeanOver.WEIGHTS])
def test_a_mean_over_no_rows_divides_by_zero_and_then_no_row_counts(over: MeanOver) -> None:
    assert counted(mean(over), ALL_IGNORED).nothing
    assert not share_of(mean(over), ALL_IGNORED, 0, upstream=1.0).kept


@pytest.mark.parametrize("over", [MeanOver.ROWS, MeanOver.ELEMENTS])
def test_a_mean_that_counts_ignored_rows_too_never_divides_by_zero(over: MeanOver) -> None:
    assert not counted(mean(over), ALL_IGNORED).nothing


def test_a_label_of_weight_zero_leaves_nothing_to_divide_by() -> None:
    loss = mean("weights", class_weights=(0.0, 1.0, 0.0))
    assert counted(loss, CASE).nothing


def test_a_z_loss_that_divides_by_zero_is_nothing_too() -> None:
    loss = mean("rows", z_loss=0.1, z_loss_mean_over="kept")
    assert counted(loss, ALL_IGNORED).nothing


def test_the_share_of_a_row_has_its_upstream_gradient_and_says_whether_it_counts() -> None:
    kept, ignored = (share_of(mean("kept"), CASE, row, upstream=-2.5) for row in (0, 1))
    assert (kept.upstream, kept.divisor, kept.z_divisor, kept.kept) == (-2.5, 3, 3, True)
    assert not ignored.kept
