"""Budgets allow for underflow, are void where they are too large, and have a scale for that."""

from math import inf

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from gradcert_oracle import (
    BFLOAT16,
    BINARY16,
    BINARY32,
    BINARY64,
    FAITHFUL,
    FORMATS,
    GRADIENT,
    QUANTITIES,
    Algorithm,
    Format,
    Loss,
    Quantity,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    judge_differences,
    question,
    scale,
)

Row = tuple[float, ...]

SHIFTED = Algorithm("shifted", "pairwise")
LOG_SOFTMAX = Algorithm("log-softmax", "pairwise")
LOG_SUM_EXP = Algorithm("log-sum-exp", "pairwise")

SIXTEEN_BITS = (BINARY16, BFLOAT16)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


def _rounded(ball: arb, format: Format) -> float:
    return float(np.array(float(ball)).astype(format.dtype))


# Underflow, and levels that say nothing.


@pytest.mark.parametrize(("quantity", "rest"), [("softmax", ()), ("dE/dz", ((1.0, 0.0),))])
def test_a_flushed_subnormal_is_allowed_where_hardware_flushes(
    quantity: str, rest: tuple[Row, ...]
) -> None:
    deep = {BINARY64: -720.0, BINARY32: -95.0, BFLOAT16: -95.0, BINARY16: -11.0}
    for format, logit in deep.items():
        asked = question(quantity, (0.0, logit), *rest, format=format)
        truth = enclose(asked)
        assert 0 < float(truth[1]) < format.smallest_normal
        verdict = judge(asked, (_rounded(truth[0], format), 0.0))
        assert (verdict.algorithm is None) is (format is BINARY16)


def test_a_level_is_void_where_its_budget_dwarfs_the_row() -> None:
    t = (1.0, 0.0)
    for level in (SHIFTED, LOG_SOFTMAX, LOG_SUM_EXP):
        assert budgets(question("dE/dz", (1.0, 2.0), t, format=BFLOAT16), level) is not None
    assert budgets(question("dE/dz", (9024.0, 9024.0), t, format=BFLOAT16), SHIFTED) is not None
    assert budgets(question("dE/dz", (9024.0, 9024.0), t, format=BFLOAT16), LOG_SUM_EXP) is None


def test_a_void_level_explains_nothing() -> None:
    """The value is off by a fifth: within two budgets of the void level, were it to count."""
    z, t = (9024.0, 9024.0), (1.0, 0.0)
    assert judge(question("dE/dz", z, t, format=BFLOAT16), (-0.4, 0.6)).algorithm is None
    everything_void = judge_differences([arb(0)], lambda _: None, [LOG_SUM_EXP])
    assert (everything_void.algorithm, everything_void.used) == (None, inf)


@EACH_FORMAT
def test_no_budget_exceeds_a_thirty_second_of_the_scale_of_its_row(format: Format) -> None:
    found = limited = 0
    for offset in (0.0, 10.0, 100.0, 1000.0, 10000.0):
        for n in (2, 40):
            z, t = (offset,) * n, (1.0,) + (0.0,) * (n - 1)
            asked = question("dE/dz", z, t, format=format)
            limit = scale(asked) / 32 + format.underflow
            for algorithm in algorithms(format):
                row = budgets(asked, algorithm)
                found += row is not None
                limited += row is not None and max(row) == limit
                assert all(budget <= limit for budget in row or ())
    assert found > 20
    assert bool(limited) is (format in SIXTEEN_BITS)


@pytest.mark.parametrize(
    ("format", "z", "wrong"),
    [(BINARY16, (256.0, 254.0), (0.393, 0.188)), (BFLOAT16, (40.0, 38.0), (0.12, 0.12))],
    ids=["binary16", "bfloat16"],
)
def test_a_gradient_of_the_wrong_sign_is_refuted_although_the_budgets_of_the_ball_allow_it(
    format: Format, z: Row, wrong: Row
) -> None:
    asked = question("dE/dz", z, (1.0, 0.0), format=format)
    truth = [float(true) for true in enclose(asked)]
    assert truth == pytest.approx([-0.1192, 0.1192], abs=1e-4)
    assert budgets(asked, LOG_SUM_EXP) is not None
    assert judge(asked, wrong).algorithm is None
    assert judge(asked, [_rounded(arb(x), format) for x in truth]).used < 1.01


@pytest.mark.parametrize(
    ("quantity", "rest", "size"),
    [
        ("softmax", (), 0.75),
        ("do/dz", (), 0.75),
        ("dE/dz", ((0.0, 2.0),), 2.5),
        ("loss", ((0.0, 2.0),), 2 * np.log(4) + 2),
    ],
)
def test_the_scale_of_a_row_is_the_size_of_its_terms(
    quantity: str, rest: tuple[Row, ...], size: float
) -> None:
    asked = question(quantity, (float(np.log(3)), 0.0), *rest, format=BINARY64)
    assert scale(asked) == pytest.approx(size, rel=1e-12)


def test_a_row_without_targets_is_judged_like_any_other() -> None:
    asked = question("dE/dz", (0.0, 1.0), (0.0, 0.0), format=BINARY64)
    assert scale(asked) == 0
    assert judge(asked, (0.0, 0.0)).algorithm == FAITHFUL


NUMBERS = st.floats(-1e300, 1e300)

BOUNDED = [one for one in QUANTITIES if one.scale_at_least is not Quantity.scale_at_least]
"""The quantities with a lower bound of their own; that of the others is minus infinity."""


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4))
@pytest.mark.parametrize("quantity", BOUNDED, ids=lambda one: f"{one.name}, {one.output}")
def test_a_scale_is_no_less_than_its_cheap_lower_bound(
    quantity: Quantity, pairs: list[tuple[float, float]]
) -> None:
    rows = tuple(zip(*pairs, strict=True))
    asked = Question(
        quantity, rows[: len(quantity.arguments)], BINARY64, Loss(output=quantity.output)
    )
    assert scale(asked) >= quantity.scale_at_least(asked)


def test_the_cheap_lower_bound_of_a_gradients_scale_is_its_largest_target() -> None:
    asked = question("dE/dz", (0.0, 1.0), (0.25, -0.75), format=BINARY64)
    assert GRADIENT.scale_at_least(asked) == 0.75


def test_the_scale_of_slopes_by_probability_is_the_largest() -> None:
    assert scale(question("dE/do", (0.5, 0.125), (1.0, 0.5), format=BINARY64)) == 4


@pytest.mark.parametrize("quantity", ["loss", "dE/dz"])
@pytest.mark.parametrize("t", [(1e308, 1e308), (1.5e308, -1.5e308), (-1e308, -1e308)], ids=str)
def test_targets_near_the_largest_number_have_an_infinite_scale(quantity: str, t: Row) -> None:
    asked = question(quantity, (0.0, 1.0), t, format=BINARY64)
    assert scale(asked) == inf
    assert budgets(asked, SHIFTED) is not None


def test_one_target_near_the_largest_number_has_a_finite_scale() -> None:
    asked = question("loss", (0.0, 0.0), (1e307, 0.0), format=BINARY64)
    assert scale(asked) == pytest.approx(1e307 * (1 + np.log(2)), rel=1e-12)


# What changes a budget, and what does not.


def test_the_precision_of_the_caller_changes_no_budget() -> None:
    asked = question("dE/dz", (0.3, -1.7), (1.0, 0.0), format=BINARY32)
    budgets.cache_clear()
    expected = budgets(asked, SHIFTED)
    budgets.cache_clear()
    with ctx.workprec(8):
        assert budgets(asked, SHIFTED) == expected


def test_a_wide_loss_may_round_once_to_its_format() -> None:
    wide = Algorithm("wide", "pairwise")
    asked = question("loss", (0.0, 0.0), (1.0, 0.0), format=BFLOAT16)
    loss = float(enclose(asked)[0])
    (budget,) = budgets(asked, wide) or (arb(0),)
    one_rounding = 2.0**-8 * loss
    assert one_rounding < float(budget) < 1.001 * one_rounding


@pytest.mark.parametrize("format", [BINARY32, BINARY64], ids=str)
@pytest.mark.parametrize("classes", [243, 512, 3000])
@pytest.mark.parametrize("shift", [1.0, 0.3])
def test_equal_logits_may_be_shifted_by_another_number_and_added_in_sequence(
    format: Format, classes: int, shift: float
) -> None:
    z = np.zeros(classes, format.dtype)
    z[7] = format.smallest_normal  # The powers of all others are one in the textbook.
    t = np.zeros_like(z)
    t[3] = 1
    powers = np.exp(z - format.dtype.type(shift))
    gradient = powers / np.add.accumulate(powers)[-1] - t
    rows = tuple(tuple(array.astype(float).tolist()) for array in (z, t))
    judgement = judge(Question(GRADIENT, rows, format), gradient.astype(float).tolist())
    assert judgement.algorithm in (Algorithm("shifted", "sequential"), SHIFTED, FAITHFUL)
