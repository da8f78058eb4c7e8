"""Textbook algorithms keep within two budgets of their own level, and errors are told apart.

The algorithms are run here in numpy, one operation at a time in the format itself. Exponentials and
logarithms are rounded from binary64, so that they err by less than one unit in the last place
whatever the processor: that is what a budget assumes of a mathematical library.
"""

from collections.abc import Callable, Iterator
from math import inf, nan

import ml_dtypes
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from gradcert_oracle import (
    ALLOWED,
    BFLOAT16,
    BINARY16,
    BINARY32,
    BINARY64,
    FAITHFUL,
    FORMATS,
    QUANTITIES,
    Algorithm,
    Format,
    algorithms,
    budgets,
    explain,
    judge,
    rungs,
    scale,
    ulps,
)

Row = tuple[float, ...]
Total = Callable[[np.ndarray], np.generic]

SHIFTED = Algorithm("shifted", "pairwise")
LOG_SOFTMAX = Algorithm("log-softmax", "pairwise")
LOG_SUM_EXP = Algorithm("log-sum-exp", "pairwise")

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


# The textbook algorithms, in floating point.


def _exp(x: np.ndarray) -> np.ndarray:
    return np.exp(x.astype(np.float64)).astype(x.dtype)


def _log(x: np.generic) -> np.generic:
    return np.log(x.astype(np.float64)).astype(x.dtype)


def _pairwise(terms: np.ndarray) -> np.generic:
    while len(terms) > 1:
        even = len(terms) // 2 * 2
        terms = np.concatenate([terms[:even:2] + terms[1:even:2], terms[even:]])
    return terms[0]


def _sequential(terms: np.ndarray) -> np.generic:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


TOTALS: dict[str, Total] = {"pairwise": _pairwise, "sequential": _sequential}


def _softmax(
    z: np.ndarray, format: Format, level: str, total: Total
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities and their logarithms; log-softmax stores these in the format."""
    largest = z.max()
    shifted = z - largest
    powers = _exp(shifted)
    mass = total(powers)
    logarithms = z - (largest + _log(mass)) if level == "log-sum-exp" else shifted - _log(mass)
    if level == "log-softmax":
        logarithms = logarithms.astype(format.dtype).astype(z.dtype)
    return powers / mass if level in ("wide", "shifted") else _exp(logarithms), logarithms


def _others(terms: np.ndarray, total: Total) -> np.ndarray:
    if len(terms) == 1:
        return np.zeros_like(terms)
    return np.array([total(np.delete(terms, j)) for j in range(len(terms))])


def _forms(
    quantity: str, z: np.ndarray, t: np.ndarray, format: Format, algorithm: Algorithm
) -> list[np.ndarray]:
    """Return the values in each of the forms that a textbook has for them."""
    total = TOTALS[algorithm.summation]
    if quantity == "dE/do":
        return [-t / z, -t * (1 / z)]
    o, logarithms = _softmax(z, format, algorithm.level, total)
    if quantity == "softmax":
        return [o]
    if quantity == "loss":
        return [-total(t * np.where(t == 0, np.zeros_like(t), logarithms)).reshape(1)]
    others = _others(o, total)
    if quantity == "do/dz":
        entries = -o[:, None] * o[None, :]
        diagonal = np.eye(len(o), dtype=bool)
        return [np.where(diagonal, own, entries).ravel() for own in (o * (1 - o), o * others)]
    return [o * total(t) - t, o * _others(t, total) - t * others]


def _run(
    quantity: str, z: Row, t: Row, format: Format, algorithm: Algorithm, inner: Format
) -> list[list[float]]:
    """Run a textbook algorithm in the format `inner`, every form of it; round to `format`."""
    row, targets = np.array(z).astype(inner.dtype), np.array(t).astype(inner.dtype)
    forms = _forms(quantity, row, targets, format, algorithm)
    assert all(form.dtype == inner.dtype for form in forms)
    return [form.astype(format.dtype).astype(np.float64).tolist() for form in forms]


def _arithmetics(
    quantity: str, z: Row, t: Row, format: Format, algorithm: Algorithm
) -> list[Format]:
    """Return the formats that a level's intermediates may be in.

    A 16-bit log-softmax may have them in either, and its level is void where neither serves. Where
    log-sum-exp in the format itself is not void, log-softmax in the format, which loses less, is
    not either.
    """
    if format not in (BINARY16, BFLOAT16) or algorithm.level in ("shifted", "log-sum-exp"):
        return [format]
    worse = Algorithm("log-sum-exp", algorithm.summation)
    if algorithm.level == "wide" or budgets(quantity, z, t, format, worse) is None:
        return [BINARY32]
    return [BINARY32, format]


# The rows.


def _leading(rng: Generator, n: int, gap: float) -> np.ndarray:
    logits = rng.uniform(-1, 0, n)
    logits[rng.integers(n)] = gap
    return logits


def _masked(rng: Generator, n: int) -> np.ndarray:
    logits = rng.normal(0, 3, n)
    logits[1:][rng.random(n - 1) < 0.5] = -inf
    return logits


REGIMES: dict[str, Callable[[Generator, int], np.ndarray]] = {
    "benign": lambda rng, n: rng.normal(0, 2, n),
    "tied": lambda rng, n: rng.choice(rng.normal(0, 2, 2), n),
    "confident": lambda rng, n: _leading(rng, n, rng.uniform(2, 35)),
    "saturated": lambda rng, n: _leading(rng, n, 10 ** rng.uniform(2, 4)),
    "offset": lambda rng, n: rng.normal(0, 2, n) + rng.uniform(-100, 100),
    "masked": _masked,
}


def _targets(rng: Generator, z: np.ndarray, kind: str) -> np.ndarray:
    """Return targets whose sum is at most four, so that no loss overflows in binary16."""
    allowed = np.flatnonzero(z > -inf)
    targets = np.zeros(len(z))
    if kind == "one-hot":
        targets[rng.choice(allowed)] = 1
    elif kind == "soft":
        cuts = np.sort(rng.integers(0, 64, len(allowed) - 1, endpoint=True))
        targets[allowed] = np.diff([0, *cuts, 64]) / 64
    else:
        targets[allowed] = rng.uniform(0, 4, len(allowed)) / len(allowed)
    return targets


def _rows(format: Format, regime: str, count: int, seed: int) -> Iterator[tuple[Row, Row]]:
    rng = np.random.default_rng([seed, list(REGIMES).index(regime)])
    for number in range(count):
        n = (2, 3, 1, 2, 8, 3, 40)[number % 7]
        z = REGIMES[regime](rng, n).astype(format.dtype).astype(np.float64)
        t = _targets(rng, z, ("one-hot", "soft", "unnormalised")[number % 3])
        t = t.astype(format.dtype).astype(np.float64)
        yield tuple(z.tolist()), tuple(t.tolist())


def _questions(z: Row, t: Row, format: Format) -> Iterator[tuple[str, Row, Row]]:
    """Yield what can be asked of a row, as (quantity, first, targets)."""
    yield "softmax", z, ()
    yield "loss", z, t
    yield "dE/dz", z, t
    if len(z) <= 8:
        yield "do/dz", z, ()
    largest = max(z)
    probabilities = np.exp(np.maximum(np.array(z) - largest, -6.0)).astype(format.dtype)
    yield "dE/do", tuple(probabilities.astype(np.float64).tolist()), t


def _rounded(ball: arb, format: Format) -> float:
    return float(np.array(float(ball)).astype(format.dtype))


# Right algorithms keep within.

LEVELS = [(format, algorithm) for format in FORMATS.values() for algorithm in algorithms(format)]


@pytest.mark.parametrize(("format", "algorithm"), LEVELS, ids=lambda x: getattr(x, "name", str(x)))
def test_a_textbook_algorithm_keeps_within_two_budgets_of_its_level(
    format: Format, algorithm: Algorithm
) -> None:
    rows = [row for regime in REGIMES for row in _rows(format, regime, 28, seed=1)]
    judged = void = 0
    for quantity, first, t in (question for row in rows for question in _questions(*row, format)):
        allowances = budgets(quantity, first, t, format, algorithm)
        if allowances is None:
            void += 1
            continue
        judged += 1
        truth = QUANTITIES[quantity](first, t, format)
        for inner in _arithmetics(quantity, first, t, format, algorithm):
            for values in _run(quantity, first, t, format, algorithm, inner):
                for value, true, budget in zip(values, truth, allowances, strict=True):
                    case = f"{quantity} of {first}, {t} in {inner.name}: {value} for {true}"
                    assert abs(value - true) <= ALLOWED * budget, case
    assert judged > void


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_the_correctly_rounded_truth_is_faithful(format: Format, regime: str) -> None:
    for z, t in _rows(format, regime, 14, seed=2):
        for quantity, first, targets in _questions(z, t, format):
            truth = QUANTITIES[quantity](first, targets, format)
            values = [_rounded(true, format) for true in truth]
            verdict = judge(quantity, first, targets, format, values)
            assert verdict.algorithm is FAITHFUL, (quantity, first, targets)
            assert verdict.used < 1.01


def test_a_loop_over_thousands_of_classes_is_explained_by_its_own_order() -> None:
    """Equal terms are rounded the same way over and over, and a loop's error grows with them."""
    z = (0.0,) + (float(np.float32(-0.3)),) * 4999
    by_order = {}
    for order in TOTALS:
        values = _run("softmax", z, (), BINARY32, Algorithm("shifted", order), BINARY32)[0]
        by_order[order] = judge("softmax", z, (), BINARY32, values).algorithm
    assert by_order["pairwise"] in (FAITHFUL, SHIFTED)
    assert str(by_order["sequential"]) == "shifted, sequential sum"


# Wrong values do not.


def test_a_gradient_wrong_by_one_part_in_1e13_is_refuted() -> None:
    z, t, factor = (0.0, 0.0), (1.0, 0.0), 1 + 1e-13
    assert judge("dE/dz", z, t, BINARY64, (-0.5, 0.5)).algorithm is FAITHFUL
    verdict = judge("dE/dz", z, t, BINARY64, (-0.5 * factor, 0.5 * factor))
    assert verdict.algorithm is None
    assert 100 < verdict.used < inf


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_what_is_not_finite_is_within_no_budget(bad: float) -> None:
    verdict = judge("dE/dz", (0.0, 0.0), (1.0, 0.0), BINARY64, (-0.5, bad))
    assert (verdict.algorithm, verdict.used, verdict.index) == (None, inf, 1)
    assert explain([arb(0), arb(bad)], lambda _: [arb(1), arb(1)], [SHIFTED]) == verdict


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
    targets = t if quantity == "dE/dz" else ()
    truth = QUANTITIES[quantity](z, targets, format)
    rows = [budgets(quantity, z, targets, format, algorithm) for algorithm in algorithms(format)]
    largest = max(float(row[index]) for row in rows if row is not None)

    def off_by(used: float) -> list[float]:
        values = [float(true) for true in truth]
        values[index] += side * used * largest
        return values

    refuted = judge(quantity, z, targets, format, off_by(ALLOWED * (1 + EDGE)))
    assert refuted.algorithm is None
    assert refuted.used == pytest.approx(ALLOWED * (1 + EDGE), rel=EDGE / 16)
    explained = judge(quantity, z, targets, format, off_by(ALLOWED * (1 - EDGE)))
    assert explained.algorithm is not None
    assert explained.used == pytest.approx(ALLOWED * (1 - EDGE), rel=EDGE / 16)
    assert refuted.index == explained.index == index


@pytest.mark.parametrize("format", NARROWER, ids=lambda format: format.name)
@pytest.mark.parametrize("side", [-1, 1])
def test_an_error_over_one_ulp_is_not_faithful_and_under_is(format: Format, side: int) -> None:
    z = (0.0, -3.0)
    large, small = QUANTITIES["softmax"](z, (), format)
    step = side * float(format.ulp(small))
    within = judge("softmax", z, (), format, (float(large), float(small) + step * (1 - EDGE)))
    beyond = judge("softmax", z, (), format, (float(large), float(small) + step * (1 + EDGE)))
    assert within.algorithm is FAITHFUL
    assert beyond.algorithm is not FAITHFUL


def test_an_error_over_two_budgets_of_a_level_is_left_to_the_next() -> None:
    """At an offset of 50 each level allows the small probability a good deal more."""
    z = (50.0, 40.0)
    truth = [float(true) for true in QUANTITIES["softmax"](z, (), BINARY32)]
    levels = [SHIFTED, LOG_SOFTMAX, LOG_SUM_EXP]
    for level, worse in zip(levels, [*levels[1:], None], strict=True):
        allowed = ALLOWED * float(budgets("softmax", z, (), BINARY32, level)[1])
        within = judge("softmax", z, (), BINARY32, (truth[0], truth[1] + allowed * (1 - EDGE)))
        beyond = judge("softmax", z, (), BINARY32, (truth[0], truth[1] + allowed * (1 + EDGE)))
        assert (within.algorithm, beyond.algorithm) == (level, worse)


# Underflow, and levels that say nothing.


@pytest.mark.parametrize(("quantity", "t"), [("softmax", ()), ("dE/dz", (1.0, 0.0))])
def test_a_flushed_subnormal_is_allowed_where_hardware_flushes(quantity: str, t: Row) -> None:
    deep = {BINARY64: -720.0, BINARY32: -95.0, BFLOAT16: -95.0, BINARY16: -11.0}
    for format, logit in deep.items():
        truth = QUANTITIES[quantity]((0.0, logit), t, format)
        assert 0 < float(truth[1]) < format.smallest_normal
        verdict = judge(quantity, (0.0, logit), t, format, (_rounded(truth[0], format), 0.0))
        assert (verdict.algorithm is None) is (format is BINARY16)


def test_a_level_is_void_where_its_budget_dwarfs_the_row() -> None:
    t = (1.0, 0.0)
    for level in (SHIFTED, LOG_SOFTMAX, LOG_SUM_EXP):
        assert budgets("dE/dz", (1.0, 2.0), t, BFLOAT16, level) is not None
    assert budgets("dE/dz", (9024.0, 9024.0), t, BFLOAT16, SHIFTED) is not None
    assert budgets("dE/dz", (9024.0, 9024.0), t, BFLOAT16, LOG_SUM_EXP) is None


def test_a_void_level_explains_nothing() -> None:
    """The value is off by a fifth: within two budgets of the void level, were it to count."""
    z, t = (9024.0, 9024.0), (1.0, 0.0)
    assert judge("dE/dz", z, t, BFLOAT16, (-0.4, 0.6)).algorithm is None
    everything_void = explain([arb(0)], lambda _: None, [LOG_SUM_EXP])
    assert (everything_void.algorithm, everything_void.used) == (None, inf)


@EACH_FORMAT
def test_no_budget_exceeds_a_quarter_of_its_row(format: Format) -> None:
    found = 0
    for offset in (0.0, 10.0, 100.0, 1000.0, 10000.0):
        for n in (2, 40):
            z, t = (offset,) * n, (1.0,) + (0.0,) * (n - 1)
            quarter = scale("dE/dz", z, t) / 4 + format.underflow
            for algorithm in algorithms(format):
                row = budgets("dE/dz", z, t, format, algorithm)
                found += row is not None
                assert all(budget <= quarter for budget in row or ())
    assert found > 20


@pytest.mark.parametrize(
    ("quantity", "t", "size"),
    [
        ("softmax", (), 0.75),
        ("do/dz", (), 0.75),
        ("dE/dz", (0.0, 2.0), 2.5),
        ("loss", (0.0, 2.0), 2 * np.log(4) + 2),
    ],
)
def test_the_scale_of_a_row_is_the_size_of_its_terms(quantity: str, t: Row, size: float) -> None:
    z = (float(np.log(3)), 0.0)
    assert scale(quantity, z, t) == pytest.approx(size, rel=1e-12)


def test_a_row_without_targets_is_judged_like_any_other() -> None:
    assert scale("dE/dz", (0.0, 1.0), (0.0, 0.0)) == 0
    judgement = judge("dE/dz", (0.0, 1.0), (0.0, 0.0), BINARY64, (0.0, 0.0))
    assert judgement.algorithm == FAITHFUL


NUMBERS = st.floats(-1e300, 1e300)


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4))
@pytest.mark.parametrize("quantity", ["dE/dz", "dE/dz, sigmoid", "dE/dz, identity"])
def test_the_scale_of_a_gradient_is_no_less_than_its_largest_target(
    quantity: str, pairs: list[tuple[float, float]]
) -> None:
    z, t = zip(*pairs, strict=True)
    assert scale(quantity, z, t) >= max(map(abs, t))


def test_the_scale_of_slopes_by_probability_is_the_largest() -> None:
    assert scale("dE/do", (0.5, 0.125), (1.0, 0.5)) == 4


# How a verdict is found.


def test_algorithms_run_from_the_best_to_the_worst() -> None:
    levels = ["shifted", "log-softmax", "log-sum-exp"]
    for format in FORMATS.values():
        first = ["wide"] if format in (BINARY16, BFLOAT16) else []
        assert [algorithm.level for algorithm in algorithms(format)[::2]] == first + levels
        assert [algorithm.summation for algorithm in algorithms(format)[:2]] == list(TOTALS)
        assert rungs(format) == [FAITHFUL, *algorithms(format)]


def test_the_first_algorithm_that_covers_every_error_explains_them() -> None:
    allowances = {
        SHIFTED: [arb(1), arb(1)],
        LOG_SOFTMAX: [arb(1), arb(2)],
        LOG_SUM_EXP: [arb(9), arb(9)],
    }
    verdict = explain([arb(1), arb(3)], allowances.__getitem__, list(allowances))
    assert (verdict.algorithm, verdict.used, verdict.index) == (LOG_SOFTMAX, 1.5, 1)


def test_a_refuted_row_tells_how_near_the_nearest_algorithm_came() -> None:
    allowances = {SHIFTED: [arb(1), arb(1)], LOG_SOFTMAX: [arb(1), arb(2)]}
    verdict = explain([arb(1), arb(5)], allowances.__getitem__, list(allowances))
    assert (verdict.algorithm, verdict.used, verdict.index) == (None, 2.5, 1)


def test_an_error_of_exactly_two_budgets_is_within() -> None:
    assert explain([arb(4)], lambda _: [arb(2)], [SHIFTED]).algorithm is SHIFTED


def test_a_ball_that_straddles_two_budgets_is_undecided() -> None:
    straddling = arb(4, 0.125)
    assert explain([straddling], lambda _: [arb(2)], [SHIFTED]) is None
    assert explain([arb(0), straddling], lambda _: [arb(2), arb(2)], [SHIFTED]) is None


def test_one_error_proved_outside_decides_whatever_else_straddles() -> None:
    errors = [arb(4, 0.125), arb(5)]
    assert explain(errors, lambda _: [arb(2), arb(2)], [SHIFTED]).algorithm is None


def test_an_undecided_first_rung_leaves_a_row_to_the_next() -> None:
    allowances = {FAITHFUL: [arb(2)], SHIFTED: [arb(3)]}
    verdict = explain([arb(4, 0.125)], allowances.__getitem__, list(allowances))
    assert verdict.algorithm is SHIFTED
    allowances[SHIFTED] = [arb(1)]
    assert explain([arb(4, 0.125)], allowances.__getitem__, list(allowances)).algorithm is None


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


def test_the_precision_of_the_caller_changes_no_budget() -> None:
    question = ("dE/dz", (0.3, -1.7), (1.0, 0.0), BINARY32, SHIFTED)
    budgets.cache_clear()
    expected = budgets(*question)
    budgets.cache_clear()
    with ctx.workprec(8):
        assert budgets(*question) == expected


def test_a_wide_loss_may_round_once_to_its_format() -> None:
    wide = Algorithm("wide", "pairwise")
    loss = float(QUANTITIES["loss"]((0.0, 0.0), (1.0, 0.0), BFLOAT16)[0])
    (budget,) = budgets("loss", (0.0, 0.0), (1.0, 0.0), BFLOAT16, wide) or (arb(0),)
    one_rounding = 2.0**-8 * loss
    assert one_rounding < float(budget) < 1.001 * one_rounding


def test_no_level_is_named_while_a_better_one_is_undecided() -> None:
    shifted, log_softmax = (Algorithm(level, "pairwise") for level in ("shifted", "log-softmax"))
    allowed = {shifted: [arb(2)], log_softmax: [arb(10)]}
    assert explain([arb(4, 0.1)], allowed.__getitem__, [shifted, log_softmax]) is None
