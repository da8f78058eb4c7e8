"""Targets of any sign and any size: right gradients and losses are explained, wrong ones refuted.

The right ones are run in numpy, in binary64 and binary32, and for the 16-bit formats in binary32.
Their sum of the targets is taken in several orders, because where targets cancel the order decides
what is lost.
"""

from collections.abc import Callable, Iterator
from math import inf

import numpy as np
import pytest
from numpy.random import Generator

from gradcert_implementations import Array
from gradcert_implementations.numpy_by_hand import loss, loss_by_probability, softmax
from gradcert_oracle import (
    BFLOAT16,
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    LOSS,
    LOSS_BY_PROBABILITY,
    Algorithm,
    Format,
    Quantity,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    question,
    scale,
    screen,
)

Row = tuple[float, ...]
Function = Callable[[Array, Array], Array]

SHIFTED = Algorithm("shifted", "pairwise")

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)

ROWS = 600
"""Rows for each format and quantity."""


# The rows.


def _logits(rng: Generator, format: Format, n: int) -> Array:
    z = rng.normal(0, 4, n)
    regime = rng.integers(5)
    leader = rng.integers(n)
    if regime == 1:
        z = rng.choice(z[:2], n)
    elif regime == 2:  # One class dominates.
        z[leader] = rng.uniform(2, 35)
    elif regime == 3:
        z[leader] = rng.uniform(36, 1000)
    elif regime == 4:
        z[rng.random(n) < 0.4] = -inf
        z[leader] = 0
    return z.astype(format.dtype)


def _targets(rng: Generator, format: Format, z: Array, kind: int) -> Array:
    allowed = np.flatnonzero(z.astype(np.float64) > -inf)
    t, count = np.zeros(len(z)), len(allowed)
    if kind == 0:
        t[allowed] = rng.normal(size=count)
    elif kind == 1:  # The sum is zero, or all but zero.
        t[allowed] = rng.normal(size=count)
        t[allowed] -= np.roll(t[allowed], 1)
    elif kind == 2:
        t[rng.choice(allowed)] += 1
        t[rng.choice(allowed)] -= 1
    elif kind == 3:  # Of very different sizes.
        sizes = 2.0 ** rng.uniform(-1.5 * format.precision, 0, count)
        t[allowed] = rng.choice([-1, 1], count) * sizes
    elif kind == 4:
        t[allowed] = -rng.uniform(0, 4, count)
    elif kind == 5:  # Huge ones.
        t[allowed] = rng.uniform(-1, 1, count) * (format.max / (4 * len(z)))
    else:  # Large ones that are not negative.
        largest = rng.choice([5, 1e3, 1e6, inf])
        t[allowed] = rng.uniform(0, 1, count) * min(largest, format.max / (4 * len(z)))
    return t.astype(format.dtype)


def _rows(format: Format, seed: int, kinds: int = 7) -> Iterator[tuple[Array, Array]]:
    rng = np.random.default_rng([seed, format.precision])
    for number in range(ROWS):
        n = (2, 3, 1, 5, 2, 8, 3, 17, 40)[number % 9]
        z = _logits(rng, format, n)
        yield z, _targets(rng, format, z, number % kinds)


def _question(quantity: Quantity, first: Array, t: Array, format: Format) -> Question:
    rows = tuple(tuple(row.astype(np.float64).tolist()) for row in (first, t))
    return Question(quantity, rows, format)


def _answer(function: Function, first: Array, t: Array) -> list[float]:
    """Run a function on one row, in binary32 if the format has 16 bits."""
    inner = np.float32 if t.dtype.itemsize == 2 else t.dtype
    with np.errstate(all="ignore"):
        answer = function(first[None].astype(inner), t[None].astype(inner)).astype(t.dtype)
    values: list[float] = answer.astype(np.float64).ravel().tolist()
    return values


def _with_sum(total: Function) -> Function:
    def gradient(z: Array, t: Array) -> Array:
        difference: Array = softmax(z) * total(z, t) - t
        return difference

    return gradient


def _in_sequence(t: Array) -> Array:
    return np.add.accumulate(t, axis=1, dtype=t.dtype)[:, -1:]


RIGHT: dict[str, Function] = {
    "as numpy sums": _with_sum(lambda _, t: t.sum(axis=1, keepdims=True)),
    "in sequence": _with_sum(lambda _, t: _in_sequence(t)),
    "backwards": _with_sum(lambda _, t: _in_sequence(t[:, ::-1])),
    "the smallest first": _with_sum(
        lambda _, t: _in_sequence(np.take_along_axis(t, np.abs(t).argsort(axis=1), axis=1))
    ),
}

WRONG: dict[str, Function] = {
    "targets clipped at zero": lambda z, t: RIGHT["in sequence"](z, np.maximum(t, 0)),
    "|T| for T": _with_sum(lambda _, t: np.abs(_in_sequence(t))),
    "the sum of |t| for T": _with_sum(lambda _, t: _in_sequence(np.abs(t))),
    "o - t": lambda z, t: softmax(z) - t,
}


# Right ones are explained by their own level.


def _explains(format: Format, asked: Question, values: list[float]) -> None:
    algorithm = judge(asked, values).algorithm
    assert algorithm is not None, f"{asked}: {values}"
    allowed = (
        {"faithful", "wide"} if format.precision < BINARY32.precision else {"faithful", "shifted"}
    )
    assert algorithm.level in allowed, f"{asked}: {values} is {algorithm}"


@EACH_FORMAT
def test_a_right_gradient_is_explained_by_its_level_in_any_order_of_the_sum(
    format: Format,
) -> None:
    for z, t in _rows(format, seed=1):
        asked = _question(GRADIENT, z, t, format)
        for gradient in RIGHT.values():
            _explains(format, asked, _answer(gradient, z, t))


@EACH_FORMAT
def test_a_right_loss_is_explained_by_its_level_where_its_terms_are_in_range(
    format: Format,
) -> None:
    judged = 0
    for z, t in _rows(format, seed=2):
        asked = _question(LOSS, z, t, format)
        if scale(asked) > format.max:
            continue
        judged += 1
        _explains(format, asked, _answer(loss, z, t))
        _explains(format, asked, _answer(loss, z[::-1], t[::-1]))
    assert judged > 0.8 * ROWS


@EACH_FORMAT
def test_a_right_slope_by_probability_is_explained_whatever_the_signs(format: Format) -> None:
    rng = np.random.default_rng(3)
    for _, t in _rows(format, seed=3):
        o = rng.uniform(0.25, 1, len(t)).astype(format.dtype)
        asked = _question(LOSS_BY_PROBABILITY, o, t, format)
        _explains(format, asked, _answer(loss_by_probability, o, t))


# Wrong ones are refuted.


@EACH_FORMAT
@pytest.mark.parametrize("mistake", WRONG)
def test_a_gradient_that_minds_no_signs_is_refuted(mistake: str, format: Format) -> None:
    """It is, wherever it differs by more than the largest error that any level lets pass."""
    refuted = 0
    for z, t in _rows(format, seed=4, kinds=5):
        asked = _question(GRADIENT, z, t, format)
        values = _answer(WRONG[mistake], z, t)
        errors = [abs(v - x) for v, x in zip(values, enclose(asked), strict=True)]
        part = 1 / 15 if format.precision < BINARY32.precision else 2.0**-12
        if max(errors) > part * scale(asked):
            refuted += 1
            assert judge(asked, values).algorithm is None, f"{asked}: {values}"
    assert refuted > 0.25 * ROWS


# Targets whose sum is exactly zero.


@EACH_FORMAT
@pytest.mark.parametrize("z", [(0.0, 0.0), (3.0, -1.0), (300.0, 0.0), (-40.0, 0.0)], ids=str)
def test_targets_that_cancel_leave_minus_the_targets(z: Row, format: Format) -> None:
    asked = question("dE/dz", z, (1.0, -1.0), format=format)
    assert enclose(asked) == (-1, 1)
    assert judge(asked, (-1.0, 1.0)).used == 0
    (value,) = enclose(question("loss", z, (1.0, -1.0), format=format))
    assert value.contains(z[1] - z[0])
    assert judge(question("loss", z, (1.0, -1.0), format=format), (z[1] - z[0],)).algorithm


def test_a_class_without_a_target_has_no_slope_where_the_others_cancel() -> None:
    for z in ((0.0, 1.0, 2.0), (0.0, 1.0, -inf)):
        slopes = enclose(question("dE/dz", z, (2.5, -2.5, 0.0), format=BINARY64))
        assert slopes == (-2.5, 2.5, 0)


@pytest.mark.parametrize("t", [1e308, 1.0, 5e-324, -5e-324, -1.0, -1e308])
def test_one_class_has_no_slope_whatever_its_target(t: float) -> None:
    assert enclose(question("dE/dz", (7.0,), (t,), format=BINARY64)) == (0,)
    assert enclose(question("loss", (7.0,), (t,), format=BINARY64)) == (0,)


def test_a_sum_that_all_but_cancels_is_enclosed_narrowly() -> None:
    t = (1e300, 1.0, -1e300, 2.0**-1000)
    slopes = enclose(question("dE/dz", (0.0,) * 4, t, format=BINARY64))
    mass = (1 + 2.0**-1000) / 4
    assert float(slopes[1]) == mass - 1
    assert float(slopes[3]) == mass


@pytest.mark.parametrize("quantity", ["loss", "dE/dz"])
def test_a_class_with_a_negative_target_needs_a_finite_logit(quantity: str) -> None:
    with pytest.raises(ValueError, match="a logit of -inf needs a target of zero"):
        enclose(question(quantity, (0.0, -inf), (0.0, -1.0), format=BINARY64))


# Scales and budgets.


def test_a_scale_is_made_of_the_sizes_of_the_terms() -> None:
    for t in ((1.0, 3.0), (1.0, -3.0), (-1.0, -3.0)):
        gradient, value = (question(q, (0.0, 0.0), t, format=BINARY64) for q in ("dE/dz", "loss"))
        assert scale(gradient) == 5
        assert scale(value) == pytest.approx(4 * (1 + np.log(2)))


@EACH_FORMAT
def test_targets_of_the_other_sign_have_the_same_budgets(format: Format) -> None:
    for z, t in list(_rows(format, seed=5))[:100]:
        for quantity in (GRADIENT, LOSS):
            for algorithm in algorithms(format):
                one, other = (
                    budgets(_question(quantity, z, targets, format), algorithm)
                    for targets in (t, -t)
                )
                assert one == other


def test_a_sum_that_is_exact_in_one_order_has_the_budget_of_any() -> None:
    asked = question("dE/dz", (0.0,) * 3, (1.0, -1.0, 2.0**-30), format=BINARY32)
    allowed = budgets(asked, SHIFTED)
    assert allowed is not None
    assert allowed[2] > 2.0**-24 / 3
    assert judge(asked, (-1.0, 1.0, -(2.0**-30))).algorithm == SHIFTED  # T is zero in another.


def test_targets_of_one_sign_have_budgets_that_leave_the_sum_alone() -> None:
    """The sum is exact, so the budget has nothing for it but one rounding of each term."""
    asked = question("dE/dz", (0.0, 0.0), (1.0, 3.0), format=BINARY32)
    budget, _ = budgets(asked, SHIFTED) or ()
    assert float(budget) == pytest.approx((2 + 1 + 1) * 2.0**-24, rel=1e-6)


# The screen.


@pytest.mark.parametrize("format", [BINARY64, BINARY32, BFLOAT16], ids=lambda one: one.name)
@pytest.mark.parametrize("quantity", [GRADIENT, LOSS], ids=lambda one: one.name)
def test_a_wide_row_of_signed_targets_is_accepted_and_the_judge_agrees(
    quantity: Quantity, format: Format
) -> None:
    rng = np.random.default_rng(6)
    function = RIGHT["as numpy sums"] if quantity is GRADIENT else loss
    z = (rng.normal(size=3001) * 5).astype(format.dtype)
    for size in (1.0, 1e30, 1e-30):
        t = (rng.normal(size=3001) * size).astype(format.dtype)
        values = _answer(function, z, t)
        shape = quantity.shape(1, 3001)
        answer = np.array(values).astype(format.dtype).reshape(shape)
        result = screen(quantity, format, (z[None], t[None]), answer)
        assert result is not None
        assert result.accepted.all()
        judgement = judge(_question(quantity, z, t, format), values)
        assert judgement.algorithm is not None


@pytest.mark.parametrize("quantity", [GRADIENT, LOSS], ids=lambda one: one.name)
def test_what_the_screen_knows_of_a_sum_that_cancels_is_beside_the_sizes(
    quantity: Quantity,
) -> None:
    """Its reference has an error where T is small beside W, and its budgets are those of W."""
    t = np.array([[1.0, 2.0**-60, -1.0]])
    z = np.zeros((1, 3))
    truth = enclose(_question(quantity, z[0], t[0], BINARY64))
    right = np.array(list(map(float, truth))).reshape(quantity.shape(1, 3))
    for off, accepted in ((0, True), (2.0**-54, True), (2.0**-46, False)):
        answer = right + off
        result = screen(quantity, BINARY64, (z, t), answer)
        assert result is not None
        assert result.accepted.tolist() == [accepted]
        judgement = judge(_question(quantity, z[0], t[0], BINARY64), answer.ravel().tolist())
        assert (judgement.algorithm is not None) is accepted


def test_only_the_largest_targets_of_binary64_are_left_to_the_judge() -> None:
    z, t = np.array([[0.0, 1.0, -inf]]), np.array([[1.0, -2.0, 0.0]])
    for exponent, accepted in ((0, True), (800, True), (1000, False)):
        targets = np.ldexp(t, exponent)
        answer = np.array([_answer(RIGHT["in sequence"], z[0], targets[0])])
        result = screen(GRADIENT, BINARY64, (z, targets), answer)
        assert result is not None
        assert result.accepted.tolist() == [accepted]
        asked = _question(GRADIENT, z[0], targets[0], BINARY64)
        assert judge(asked, answer[0].tolist()).algorithm is not None
