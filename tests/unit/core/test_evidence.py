"""Two answers differ by exactly what they differ by, and evidence is made only when it is read."""

import numpy as np
import pytest
from flint import arb, ctx
from subjects import case_of, claim_of, right

from gradcert.core.evidence import Evidence, Refuted, decimal, errors, judge_exactly
from gradcert_oracle import Algorithm

NAN, INF = float("nan"), float("inf")


def test_differences_are_exact_and_without_a_sign() -> None:
    found = errors([1.0, 1.0 + 2.0**-52, -3.0], [1.0, 1.0, 2.0**-60])
    assert all(difference.is_exact() for difference in found)
    with ctx.workprec(128):
        assert found == [arb(0), arb(2.0**-52), arb(3) + arb(2.0**-60)]


@pytest.mark.parametrize("both", [INF, -INF, NAN])
def test_equal_infinities_and_two_nans_do_not_differ(both: float) -> None:
    assert errors([both], [both]) == [arb(0)]


@pytest.mark.parametrize(("one", "other"), [(INF, 1.0), (1.0, NAN), (INF, -INF), (NAN, INF)])
def test_a_difference_with_one_value_that_is_not_finite_is_within_no_budget(
    one: float, other: float
) -> None:
    def allowances(_: Algorithm) -> list[arb]:
        return [arb(10) ** 400]

    assert judge_exactly(claim_of(right), errors([one], [other]), allowances).algorithm is None
    assert judge_exactly(claim_of(right), errors([1.0], [2.0]), allowances).algorithm is not None


@pytest.mark.parametrize(
    ("truth", "shown"),
    [
        (arb(0.25), "0.25"),
        (arb(0), "0"),
        (arb(0, 1e-9), "0"),
        (arb(2.0**-30), "9.31322574615478515625000000000e-10"),
        (arb(0.123456789, 1e-6), "0.12346"),
    ],
)
def test_a_true_value_is_shown_by_its_proved_digits(truth: arb, shown: str) -> None:
    assert decimal(truth) == shown


def test_evidence_that_nobody_reads_is_not_made_and_evidence_is_made_once() -> None:
    made = []

    def evidence() -> Evidence:
        made.append(1)
        return Evidence(case_of([[0.0, 0.0]], np.eye(1, 2)), "dE/dz is wrong")

    refuted = Refuted(evidence)
    assert made == []
    assert (str(refuted), refuted.evidence.row, made) == ("dE/dz is wrong", 0, [1])
