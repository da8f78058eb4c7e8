"""Wrong values are refuted, a verdict names the best level that explains, errors have ulps."""

from math import inf, nan

import ml_dtypes
import pytest
from flint import arb, ctx
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcert_oracle import (
    ALLOWED,
    BFLOAT16,
    BINARY16,
    BINARY32,
    BINARY64,
    FAITHFUL,
    FORMATS,
    LEVELS,
    Algorithm,
    Format,
    algorithms,
    budgets,
    enclose,
    judge,
    judge_differences,
    levels,
    question,
    ulps,
)

SHIFTED = Algorithm("shifted", "pairwise")
LOG_SOFTMAX = Algorithm("log-softmax", "pairwise")
LOG_SUM_EXP = Algorithm("log-sum-exp", "pairwise")

HALVES = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
"""The true gradient is -1/2, 1/2."""

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


# Wrong values are refuted.


def test_a_gradient_wrong_by_one_part_in_1e13_is_refuted() -> None:
    factor = 1 + 1e-13
    assert judge(HALVES, (-0.5, 0.5)).algorithm is FAITHFUL
    verdict = judge(HALVES, (-0.5 * factor, 0.5 * factor))
    assert verdict.algorithm is None
    assert 100 < verdict.used < inf


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_what_is_not_finite_is_within_no_budget(bad: float) -> None:
    verdict = judge(HALVES, (-0.5, bad))
    assert (verdict.algorithm, verdict.used, verdict.index) == (None, inf, 1)
    assert judge_differences([arb(0), arb(bad)], lambda _: [arb(1), arb(1)], [SHIFTED]) == verdict


NARROWER = [BINARY32, BINARY16, BFLOAT16]
"""Formats in which a Python float can lie just above and just below two budgets."""

EDGE = 2.0**-10


@pytest.mark.parametrize("format", NARROWER, ids=lambda format: format.name)
@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("quantity", ["softmax", "dE/dz"])
def test_an_error_over_two_of_the_largest_budget_is_refuted_and_under_is_not(
    format: Format, index: int, side: int, quantity: str
) -> None:
    z, t = (1.0, -2.0, 0.5), (0.0, 0.75, 0.25)
    asked = question(quantity, *((z, t) if quantity == "dE/dz" else (z,)), format=format)
    truth = enclose(asked)
    rows = [budgets(asked, algorithm) for algorithm in algorithms(format)]
    largest = max(float(row[index]) for row in rows if row is not None)

    def off_by(used: float) -> list[float]:
        values = [float(true) for true in truth]
        values[index] += side * used * largest
        return values

    refuted = judge(asked, off_by(ALLOWED * (1 + EDGE)))
    assert refuted.algorithm is None
    assert refuted.used == pytest.approx(ALLOWED * (1 + EDGE), rel=EDGE / 16)
    explained = judge(asked, off_by(ALLOWED * (1 - EDGE)))
    assert explained.algorithm is not None
    allowances = budgets(asked, explained.algorithm)
    assert allowances is not None
    explaining = float(allowances[index]) / largest
    assert explained.used * explaining == pytest.approx(ALLOWED * (1 - EDGE), rel=EDGE / 16)
    assert refuted.index == explained.index == index


@pytest.mark.parametrize("format", NARROWER, ids=lambda format: format.name)
@pytest.mark.parametrize("side", [-1, 1])
def test_an_error_over_one_ulp_is_not_faithful_and_under_is(format: Format, side: int) -> None:
    asked = question("softmax", (0.0, -3.0), format=format)
    large, small = enclose(asked)
    step = side * float(format.ulp(small))
    within = judge(asked, (float(large), float(small) + step * (1 - EDGE)))
    beyond = judge(asked, (float(large), float(small) + step * (1 + EDGE)))
    assert within.algorithm is FAITHFUL
    assert beyond.algorithm is not FAITHFUL


def test_an_error_over_two_budgets_of_a_level_is_left_to_the_next() -> None:
    """At an offset of 50 each level allows the small probability a good deal more."""
    asked = question("softmax", (50.0, 40.0), format=BINARY32)
    truth = [float(true) for true in enclose(asked)]
    ladder = [SHIFTED, LOG_SOFTMAX, LOG_SUM_EXP]
    for level, worse in zip(ladder, [*ladder[1:], None], strict=True):
        allowed = ALLOWED * float(budgets(asked, level)[1])
        within = judge(asked, (truth[0], truth[1] + allowed * (1 - EDGE)))
        beyond = judge(asked, (truth[0], truth[1] + allowed * (1 + EDGE)))
        assert (within.algorithm, beyond.algorithm) == (level, worse)


# How a verdict is found.


def test_algorithms_run_from_the_best_to_the_worst() -> None:
    names = ["shifted", "log-softmax", "log-sum-exp"]
    orders = ["pairwise", "sequential"]
    for format in FORMATS.values():
        first = ["wide"] if format in (BINARY16, BFLOAT16) else []
        assert [algorithm.level for algorithm in algorithms(format)[::2]] == first + names
        assert [algorithm.summation for algorithm in algorithms(format)[:2]] == orders
        assert levels(format) == [FAITHFUL, *algorithms(format)]


def test_the_first_algorithm_that_covers_every_error_explains_them() -> None:
    allowances = {
        SHIFTED: [arb(1), arb(1)],
        LOG_SOFTMAX: [arb(1), arb(2)],
        LOG_SUM_EXP: [arb(9), arb(9)],
    }
    verdict = judge_differences([arb(1), arb(3)], allowances.__getitem__, list(allowances))
    assert (verdict.algorithm, verdict.used, verdict.index) == (LOG_SOFTMAX, 1.5, 1)


def test_a_refuted_row_tells_how_near_the_nearest_algorithm_came() -> None:
    allowances = {SHIFTED: [arb(1), arb(1)], LOG_SOFTMAX: [arb(1), arb(2)]}
    verdict = judge_differences([arb(1), arb(5)], allowances.__getitem__, list(allowances))
    assert (verdict.algorithm, verdict.used, verdict.index) == (None, 2.5, 1)


def test_an_error_of_exactly_two_budgets_is_within() -> None:
    assert judge_differences([arb(4)], lambda _: [arb(2)], [SHIFTED]).algorithm is SHIFTED


def test_a_ball_that_straddles_two_budgets_is_undecided() -> None:
    straddling = arb(4, 0.125)
    assert judge_differences([straddling], lambda _: [arb(2)], [SHIFTED]) is None
    assert judge_differences([arb(0), straddling], lambda _: [arb(2), arb(2)], [SHIFTED]) is None


def test_one_error_proved_outside_decides_whatever_else_straddles() -> None:
    errors = [arb(4, 0.125), arb(5)]
    assert judge_differences(errors, lambda _: [arb(2), arb(2)], [SHIFTED]).algorithm is None


def test_an_undecided_faithful_level_leaves_a_row_to_the_next() -> None:
    allowances = {FAITHFUL: [arb(2)], SHIFTED: [arb(3)]}
    verdict = judge_differences([arb(4, 0.125)], allowances.__getitem__, list(allowances))
    assert verdict.algorithm is SHIFTED
    allowances[SHIFTED] = [arb(1)]
    assert (
        judge_differences([arb(4, 0.125)], allowances.__getitem__, list(allowances)).algorithm
        is None
    )


def test_no_level_is_named_while_a_better_one_is_undecided() -> None:
    shifted, log_softmax = (Algorithm(level, "pairwise") for level in ("shifted", "log-softmax"))
    allowed = {shifted: [arb(2)], log_softmax: [arb(10)]}
    assert judge_differences([arb(4, 0.1)], allowed.__getitem__, [shifted, log_softmax]) is None


# A level that is demanded.


@EACH_FORMAT
@pytest.mark.parametrize("at_least", [FAITHFUL.level, *LEVELS])
def test_what_a_demand_leaves_is_the_beginning_of_all_levels_with_every_summation(
    format: Format, at_least: str
) -> None:
    left = levels(format, at_least)
    every = levels(format)
    assert left == every[: len(left)]
    worst = left[-1].level
    assert worst not in {algorithm.level for algorithm in every[len(left) :]}
    has_wide = format in (BINARY16, BFLOAT16)
    assert worst == ("shifted" if at_least == "wide" and not has_wide else at_least)


def test_without_a_demand_all_levels_are_left() -> None:
    assert levels(BINARY16, None) == levels(BINARY16) == levels(BINARY16, "log-sum-exp")


def test_a_row_that_only_a_worse_level_explains_is_refuted_and_says_how_far_it_is() -> None:
    asked = question("softmax", (50.0, 40.0), format=BINARY32)
    large, small = (float(true) for true in enclose(asked))
    off = ALLOWED * float(budgets(asked, LOG_SOFTMAX)[1]) * (1 - EDGE)
    values = (large, small + off)
    assert judge(asked, values).algorithm == LOG_SOFTMAX
    assert judge(asked, values, levels(BINARY32, "log-softmax")).algorithm == LOG_SOFTMAX
    refuted = judge(asked, values, levels(BINARY32, "shifted"))
    assert refuted.algorithm is None
    assert refuted.index == 1
    assert refuted.used > ALLOWED


def test_where_faithful_is_demanded_the_value_beyond_one_ulp_is_named() -> None:
    asked = question("softmax", (0.0, -3.0), format=BINARY32)
    large, small = enclose(asked)
    step = float(BINARY32.ulp(small))
    demanded = levels(BINARY32, "faithful")
    assert judge(asked, (float(large), float(small) + step * 3 / 4), demanded).used < ALLOWED
    refuted = judge(asked, (float(large), float(small) + 3 * step), demanded)
    assert (refuted.algorithm, refuted.index) == (None, 1)
    assert refuted.used == pytest.approx(6)


def test_where_faithful_is_demanded_an_error_that_is_not_decided_is_not_below_one_ulp() -> None:
    straddling = arb(4, 0.125)
    verdict = judge_differences([straddling], lambda _: [arb(2)], [FAITHFUL])
    assert verdict is not None
    assert verdict.algorithm is None


def test_a_demanded_level_that_is_void_passes_nothing() -> None:
    allowances = {FAITHFUL: [arb(1)], SHIFTED: None, LOG_SOFTMAX: [arb(9)]}
    demanded = [FAITHFUL, SHIFTED]
    verdict = judge_differences([arb(5)], allowances.__getitem__, demanded)
    assert (verdict.algorithm, verdict.used) == (None, inf)


# Errors in ulps.


@EACH_FORMAT
def test_an_error_in_ulps_is_counted_in_those_of_the_truth(format: Format) -> None:
    step = float(ml_dtypes.finfo(format.dtype).eps)
    assert ulps(1 + 3 * step, arb(1), format) == 3
    assert ulps(-1.0, arb(-1), format) == 0
    assert ulps(2 - step, arb(2), format) == 0.5


def test_an_error_has_no_size_in_ulps_where_the_truth_may_be_zero() -> None:
    assert ulps(1e-300, arb(0), BINARY64) is None
    assert ulps(1e-300, arb(1e-310, 1e-309), BINARY64) is None


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_what_is_not_finite_has_no_error_in_ulps(bad: float) -> None:
    assert ulps(bad, arb(1), BINARY64) is None


def test_an_error_of_one_half_at_one_half_is_two_to_the_52_ulps() -> None:
    """The ball around a true value of 1/2 also contains numbers with half its ulp."""
    for half in (arb(0.5), arb(0.5, 2.0**-80), arb(0.5 - 2.0**-60, 2.0**-59)):
        assert ulps(0.0, half, BINARY64) == 2.0**52
        assert ulps(-1.0, -half, BINARY64) == 2.0**52
    slope = enclose(HALVES)[1]
    assert slope.rad() > 0
    assert ulps(0.0, slope, BINARY64) == ulps(1.0, slope, BINARY64) == 2.0**52


@EACH_FORMAT
def test_the_ulp_of_an_error_is_that_of_the_number_nearest_to_the_truth(format: Format) -> None:
    below = 1 - 2.0**-format.precision  # The number before one.
    step = 2.0 ** (1 - format.precision)
    assert ulps(below + step / 2, arb(below), format) == 1
    assert ulps(0.0, arb(below + step / 8), format) == pytest.approx(2 / step, rel=step)
    assert ulps(0.0, arb(below + step * 3 / 8), format) == pytest.approx(1 / step, rel=step)


@given(points=st.tuples(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30)))
def test_the_width_of_the_enclosure_changes_no_error_in_ulps(points: tuple[float, float]) -> None:
    value, true = points
    assume(abs(true) > 1e-30)
    with ctx.workprec(200):
        wide = arb(true, abs(true) * 2.0**-70)
    assert ulps(value, wide, BINARY64) == ulps(value, arb(true), BINARY64)


def test_an_unknown_level_is_one_line_with_all_levels() -> None:
    with pytest.raises(ValueError, match="unknown level 'best'; choose from faithful, wide, shi"):
        levels(BINARY64, "best")
