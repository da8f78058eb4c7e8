"""Textbook algorithms keep within two budgets of their own level.

The algorithms are run here in numpy, one operation at a time in the format itself; see float_runs.
"""

from collections.abc import Callable, Iterator
from math import inf

import numpy as np
import pytest
from flint import arb
from float_runs import (
    TOTALS,
    Total,
    arithmetics,
    complement_is_void,
    exp2,
    log2,
    softmax,
    sums_of_others,
)
from numpy.random import Generator

from gradcert_oracle import (
    ALLOWED,
    BFLOAT16,
    BINARY16,
    BINARY32,
    FAITHFUL,
    FORMATS,
    GRADIENT,
    JACOBIAN,
    LOSS,
    LOSS_BY_PROBABILITY,
    SOFTMAX,
    Algorithm,
    Format,
    Quantity,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    scale,
)

Row = tuple[float, ...]
Softmax = Callable[[np.ndarray, Format, str, Total], tuple[np.ndarray, np.ndarray]]

SHIFTED = Algorithm("shifted", "pairwise")
LOG_SUM_EXP = Algorithm("log-sum-exp", "pairwise")

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


# The textbook algorithms, in floating point.


def _base_two(
    z: np.ndarray, _format: Format, level: str, total: Total
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same from powers of two, where no multiplication is fused with a subtraction."""
    log2_e, ln_2 = z.dtype.type(1 / np.log(2)), z.dtype.type(np.log(2))
    scaled = z * log2_e
    largest = scaled.max()
    powers = exp2(scaled - largest)
    mass = total(powers)
    if level == "shifted":
        return powers / mass, (scaled - largest - log2(mass)) * ln_2
    logarithms = scaled - (largest + log2(mass))
    return exp2(logarithms), logarithms * ln_2


def _forms(
    quantity: Quantity,
    z: np.ndarray,
    t: np.ndarray,
    format: Format,
    algorithm: Algorithm,
    softmax: Softmax,
) -> list[np.ndarray]:
    """Return the values in each of the forms that a textbook has; `t` may be empty."""
    total = TOTALS[algorithm.summation]
    if quantity is LOSS_BY_PROBABILITY:
        return [-t / z, -t * (1 / z)]
    o, logarithms = softmax(z, format, algorithm.level, total)
    if quantity is SOFTMAX:
        return [o]
    if quantity is LOSS:
        return [-total(t * np.where(t == 0, np.zeros_like(t), logarithms)).reshape(1)]
    rests = sums_of_others(o, total)
    if quantity is JACOBIAN:
        entries = -o[:, None] * o[None, :]
        diagonal = np.eye(len(o), dtype=bool)
        return [np.where(diagonal, own, entries).ravel() for own in (o * (1 - o), o * rests)]
    return [o * total(t) - t, o * sums_of_others(t, total) - t * rests]


def _run(
    asked: Question, algorithm: Algorithm, inner: Format, softmax: Softmax = softmax
) -> list[list[float]]:
    """Run the forms of a textbook algorithm in the format `inner`, and round the values.

    Where the form of the complement is void, the theorem says nothing of it, and it is left out.
    """
    format = asked.format
    first, targets = asked.rows[0], asked["targets"]
    row, t = np.array(first).astype(inner.dtype), np.array(targets).astype(inner.dtype)
    forms = _forms(asked.quantity, row, t, format, algorithm, softmax)
    assert all(form.dtype == inner.dtype for form in forms)
    if complement_is_void(asked, algorithm, inner):
        forms = forms[:1]
    return [form.astype(format.dtype).astype(np.float64).tolist() for form in forms]


# The rows.


def _leading(rng: Generator, n: int, gap: float) -> np.ndarray:
    logits = rng.uniform(-1, 0, n)
    logits[rng.integers(n)] = gap
    return logits


def _masked(rng: Generator, n: int) -> np.ndarray:
    logits = rng.normal(0, 3, n)
    logits[1:][rng.random(n - 1) < 0.5] = -inf
    return logits


def _apart(rng: Generator, n: int) -> np.ndarray:
    """Return logits of which one is so much larger that the log-sum-exp is rounded to it."""
    logits = -rng.integers(8, 64, n).astype(np.float64)
    logits[rng.integers(n)] = 0
    return (logits + rng.integers(-64, 64)) * 2.0 ** rng.integers(0, 4)


REGIMES: dict[str, Callable[[Generator, int], np.ndarray]] = {
    "benign": lambda rng, n: rng.normal(0, 2, n),
    "tied": lambda rng, n: rng.choice(rng.normal(0, 2, 2), n),
    "confident": lambda rng, n: _leading(rng, n, rng.uniform(2, 35)),
    "saturated": lambda rng, n: _leading(rng, n, 10 ** rng.uniform(2, 4)),
    "offset": lambda rng, n: rng.normal(0, 2, n) + rng.uniform(-100, 100),
    "masked": _masked,
    "masked, offset": lambda rng, n: _masked(rng, n) + rng.uniform(-100, 100),
    "apart": _apart,
}


def _targets(rng: Generator, z: np.ndarray, kind: str) -> np.ndarray:
    """Return targets whose sizes have a sum of at most four: no loss overflows in binary16."""
    allowed = np.flatnonzero(z > -inf)
    targets = np.zeros(len(z))
    if kind == "one-hot":
        targets[rng.choice(allowed)] = 1
    elif kind == "soft":
        cuts = np.sort(rng.integers(0, 64, len(allowed) - 1, endpoint=True))
        targets[allowed] = np.diff([0, *cuts, 64]) / 64
    elif kind == "unnormalised":
        targets[allowed] = rng.uniform(0, 4, len(allowed)) / len(allowed)
    else:  # Pairs that cancel, all but cancel, or are of very different sizes.
        first, second = allowed[::2], allowed[1::2]
        targets[first] = rng.uniform(-4, 4, len(first)) * 2.0 ** -rng.integers(0, 40, len(first))
        off = rng.choice([0, 2.0**-7, 2.0**-20], len(second))
        targets[second] = -targets[first][: len(second)] * (1 + off)
        targets = rng.permutation(targets) if len(allowed) == len(z) else targets
        targets /= len(z)
    return targets


KINDS = ("one-hot", "soft", "unnormalised")


def _rows(
    format: Format, regime: str, count: int, seed: int, kinds: tuple[str, ...] = KINDS
) -> Iterator[tuple[Row, Row]]:
    rng = np.random.default_rng([seed, list(REGIMES).index(regime)])
    for number in range(count):
        n = (2, 3, 1, 2, 8, 3, 40)[number % 7]
        z = REGIMES[regime](rng, n).astype(format.dtype).astype(np.float64)
        t = _targets(rng, z, kinds[number % len(kinds)])
        t = t.astype(format.dtype).astype(np.float64)
        yield tuple(z.tolist()), tuple(t.tolist())


def _questions(z: Row, t: Row, format: Format) -> Iterator[Question]:
    """Yield a question about the row for each quantity of a softmax."""
    yield Question(SOFTMAX, (z,), format)
    yield Question(LOSS, (z, t), format)
    yield Question(GRADIENT, (z, t), format)
    if len(z) <= 8:
        yield Question(JACOBIAN, (z,), format)
    largest = max(z)
    probabilities = np.exp(np.maximum(np.array(z) - largest, -6.0)).astype(format.dtype)
    o = tuple(probabilities.astype(np.float64).tolist())
    yield Question(LOSS_BY_PROBABILITY, (o, t), format)


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
    for asked in (asked for row in rows for asked in _questions(*row, format)):
        allowances = budgets(asked, algorithm)
        if allowances is None:
            void += 1
            continue
        judged += 1
        truth = enclose(asked)
        for inner in arithmetics(asked, algorithm):
            for values in _run(asked, algorithm, inner):
                for value, true, budget in zip(values, truth, allowances, strict=True):
                    case = f"{asked} in {inner.name}: {value} for {true}"
                    assert abs(value - true) <= ALLOWED * budget, case
    assert judged > void


@pytest.mark.parametrize(("format", "algorithm"), LEVELS, ids=lambda x: getattr(x, "name", str(x)))
def test_it_does_so_where_targets_of_both_signs_cancel(
    format: Format, algorithm: Algorithm
) -> None:
    """Their sum is taken in three orders. Rows with a limited budget are left out: see budgets."""
    rows = [row for regime in REGIMES for row in _rows(format, regime, 14, 3, ("signed",))]
    rng = np.random.default_rng(3)
    judged = 0
    for z, t in rows:
        order = rng.permutation(len(z))
        for places in (np.arange(len(z)), order, np.argsort(np.abs(t))):
            row = tuple(tuple(np.array(x)[places].tolist()) for x in (z, t))
            for quantity in (LOSS, GRADIENT):
                asked, moved = (Question(quantity, given, format) for given in ((z, t), row))
                allowances = budgets(asked, algorithm)
                limit = scale(asked) / 32 + format.underflow
                if allowances is None or max(allowances) >= limit * (1 - 2.0**-40):
                    continue
                judged += 1
                back = np.argsort(places) if quantity is GRADIENT else np.zeros(1, int)
                truth = enclose(asked)
                for inner in arithmetics(asked, algorithm):
                    for values in _run(moved, algorithm, inner):
                        for place, true, budget in zip(back, truth, allowances, strict=True):
                            case = f"{asked} in {inner.name}: {values[place]} for {true}"
                            assert abs(values[place] - true) <= ALLOWED * budget, case
    assert judged > len(rows)


@EACH_FORMAT
@pytest.mark.parametrize("level", ["shifted", "log-sum-exp"])
def test_powers_of_two_of_products_rounded_one_by_one_keep_within_two_budgets_of_log_sum_exp(
    format: Format, level: str
) -> None:
    """Far from zero each product of a logit and log2(e) is rounded by as much as the largest is.

    So far that the form of the complement is void, budgets are limited, and the theorem ends.
    """
    judged = 0
    for z, t in (row for regime in REGIMES for row in _rows(format, regime, 56, seed=6)):
        asked = Question(GRADIENT, (z, t), format)
        allowances = budgets(asked, LOG_SUM_EXP)
        if allowances is None or complement_is_void(asked, LOG_SUM_EXP, format):
            continue
        judged += 1
        truth = enclose(asked)
        for values in _run(asked, Algorithm(level, "pairwise"), format, softmax=_base_two):
            for value, true, budget in zip(values, truth, allowances, strict=True):
                assert abs(value - true) <= ALLOWED * budget, f"{asked}: {value} for {true}"
    assert judged > 250


@pytest.mark.parametrize(
    ("format", "order"),
    [(BINARY16, "sequential"), (BFLOAT16, "pairwise"), (BFLOAT16, "sequential")],
    ids=lambda x: getattr(x, "name", x),
)
def test_a_right_gradient_computed_in_16_bits_is_not_refuted_where_its_budgets_are_limited(
    format: Format, order: str
) -> None:
    algorithm = Algorithm("shifted", order)
    limited = 0
    for z, t in (row for regime in REGIMES for row in _rows(format, regime, 28, seed=5)):
        for quantity, rows in ((SOFTMAX, (z,)), (LOSS, (z, t)), (GRADIENT, (z, t))):
            asked = Question(quantity, rows, format)
            allowances = budgets(asked, algorithm)
            limit = scale(asked) / 32 + format.underflow
            limited += allowances is not None and max(allowances) == limit
            for values in _run(asked, algorithm, format):
                assert judge(asked, values).algorithm, asked
    assert limited


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_the_correctly_rounded_truth_is_faithful(format: Format, regime: str) -> None:
    for z, t in _rows(format, regime, 14, seed=2):
        for asked in _questions(z, t, format):
            values = [_rounded(true, format) for true in enclose(asked)]
            verdict = judge(asked, values)
            assert verdict.algorithm is FAITHFUL, asked
            assert verdict.used < 1.01


def test_a_loop_over_thousands_of_classes_is_explained_by_its_own_order() -> None:
    """Equal terms are rounded the same way each time, so a loop's error grows with their number."""
    z = (0.0,) + (float(np.float32(-0.3)),) * 4999
    asked = Question(SOFTMAX, (z,), BINARY32)
    by_order = {}
    for order in TOTALS:
        values = _run(asked, Algorithm("shifted", order), BINARY32)[0]
        by_order[order] = judge(asked, values).algorithm
    assert by_order["pairwise"] in (FAITHFUL, SHIFTED)
    assert str(by_order["sequential"]) == "shifted, sequential sum"
