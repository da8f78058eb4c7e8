"""The screen accepts what the judge accepts, nearly all of a right answer, and nothing else."""

from dataclasses import replace
from itertools import chain
from math import inf, nan

import numpy as np
import pytest
from screened_rows import SCREENED, draw, probes, question, right_answer, violations

from gradcert_implementations.any_targets import gradient as any_targets
from gradcert_implementations.numpy_by_hand import softmax
from gradcert_oracle import (
    BFLOAT16,
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    IDENTITY_GRADIENT,
    LOG_SOFTMAX,
    LOSS,
    LOSS_BY_PROBABILITY,
    QUANTITIES,
    SOFTMAX,
    SOFTMAX_BACKWARD,
    TARGET_GRADIENT,
    Format,
    Quantity,
    judge,
    levels,
    screen,
)
from gradcert_oracle.batch_parts import parts_of
from gradcert_oracle.batches import Batch
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import PAIRED, PLAIN, Wider

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
EACH_QUANTITY = pytest.mark.parametrize(
    "quantity", SCREENED, ids=lambda one: f"{one.name}, {one.output}"
)


_ACCEPTED = {LOSS: 0.98, LOG_SOFTMAX: 0.95, TARGET_GRADIENT: 0.95}
"""The part of the rows of a right answer that are accepted at least, where it is below 0.99."""


@EACH_FORMAT
@EACH_QUANTITY
def test_bounds_of_errors_and_budgets_hold(quantity: Quantity, format: Format) -> None:
    seeds = range(12)
    assert list(chain.from_iterable(violations(quantity, format, seed, 4) for seed in seeds)) == []


@EACH_FORMAT
@EACH_QUANTITY
def test_nothing_near_the_line_is_accepted_but_what_the_judge_accepts(
    quantity: Quantity, format: Format
) -> None:
    found = list(chain.from_iterable(probes(quantity, format, seed, 8) for seed in range(25)))
    assert [wrong for _, wrong in found if wrong] == []
    assert 0 < sum(accepted for accepted, _ in found) < len(found)


@EACH_FORMAT
@EACH_QUANTITY
def test_nearly_all_rows_of_a_right_answer_are_accepted(quantity: Quantity, format: Format) -> None:
    rows = accepted = 0
    for seed in range(150):
        arguments = draw(quantity, format, seed, 16)
        answer = right_answer(quantity, arguments)
        result = screen(quantity, format, arguments, answer)
        assert result is not None
        # A loss that is not a number of the format is not judged at all.
        counted = np.isfinite(answer.astype(np.float64)).reshape(16, -1).all(axis=1)
        rows += counted.sum()
        accepted += (counted & result.accepted).sum()
    # The sum in a small loss or logarithm has roundings that its lower bound does not count.
    assert accepted >= _ACCEPTED.get(quantity, 0.99) * rows


def test_every_quantity_has_a_screen_but_one_without_may_be_added() -> None:
    assert set(QUANTITIES) == set(SCREENED)
    z = np.zeros((1, 2))
    assert screen(replace(SOFTMAX, screen=None), BINARY64, (z,), z) is None


def test_rows_outside_the_domain_are_left_to_the_judge_and_disturb_no_other() -> None:
    z = np.array([[0.0, 1.0]] * 9)
    t = np.array([[0.0, 1.0]] * 9)
    z[1, 0], z[2, 0], z[3] = nan, inf, -inf
    z[4, 1] = -inf  # It has a target.
    z[5, 0] = -1e308
    t[6, 0], t[7, 0], t[8, 0] = nan, -1e308, inf
    answer = np.repeat(any_targets(z[:1], t[:1]), 9, axis=0)
    result = screen(GRADIENT, BINARY64, (z, t), answer)
    assert result is not None
    assert result.accepted.tolist() == [True] + 8 * [False]


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_no_value_that_is_not_finite_is_accepted(value: float) -> None:
    z = np.zeros((1, 3))
    for quantity in (SOFTMAX, GRADIENT):
        arguments = (z, np.eye(3)[:1])[: len(quantity.arguments)]
        answer = right_answer(quantity, arguments)
        answer[0, 1] = value
        result = screen(quantity, BINARY64, arguments, answer)
        assert result is not None
        assert not result.accepted.any()


def test_a_loss_beyond_the_range_is_left_to_the_judge() -> None:
    z, t = np.array([[0.0, 1e30]], np.float32), np.array([[1e10, 0.0]], np.float32)
    result = screen(LOSS, BINARY32, (z, t), np.array([BINARY32.max], np.float32))
    assert result is not None
    assert not result.accepted.any()


def test_a_level_that_may_be_void_accepts_nothing_but_faithful_rows() -> None:
    """No row is known on which the levels that the screen tries are void, so one is pretended."""
    assert SOFTMAX.screen is not None
    void = replace(SOFTMAX, screen=replace(SOFTMAX.screen, budget_at_most=lambda *_: np.ones(2)))
    z = np.array([[0.0, -20.0]] * 2, np.float32)
    answer = softmax(z)
    answer[1, 1] *= np.float32(1 + 2.0**-21)
    for quantity, accepted in ((SOFTMAX, [True, True]), (void, [True, False])):
        result = screen(quantity, BINARY32, (z,), answer)
        assert result is not None
        assert result.accepted.tolist() == accepted


@pytest.mark.parametrize("rows", [0, 1, 700])
def test_a_batch_is_screened_as_its_rows_are(rows: int) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(rows, 50)) * 5
    t = np.eye(50)[rng.integers(50, size=rows)]
    answer = right_answer(GRADIENT, (z, t))
    answer[::3] *= 1 + 1e-14
    together = screen(GRADIENT, BINARY64, (z, t), answer)
    assert together is not None
    for row in range(0, rows, 37):
        part = slice(row, row + 1)
        alone = screen(GRADIENT, BINARY64, (z[part], t[part]), answer[part])
        assert alone is not None
        assert alone.accepted[0] == together.accepted[row]
        assert alone.rank[0] == together.rank[row]
        assert alone.used[0] == pytest.approx(together.used[row])


def test_a_wide_row_is_accepted_and_the_judge_agrees() -> None:
    rng = np.random.default_rng(2)
    for format in (BINARY64, BINARY32, BFLOAT16):
        z = (rng.normal(size=(1, 3001)) * 5).astype(format.dtype)
        t = np.eye(3001)[[7]].astype(format.dtype)
        answer = right_answer(GRADIENT, (z, t))
        result = screen(GRADIENT, format, (z, t), answer)
        assert result is not None
        assert result.accepted.all()
        asked = question(GRADIENT, format, (z, t), 0)
        judgement = judge(asked, answer[0].astype(np.float64).tolist())
        assert judgement.algorithm is not None
        severity = levels(format).index(judgement.algorithm), judgement.used
        assert severity <= (result.rank[0], result.used[0])


@pytest.mark.parametrize("wider", [PLAIN, PAIRED], ids=["plain", "paired"])
@pytest.mark.parametrize(
    "quantity", [one for one in SCREENED if one.pooled], ids=lambda one: one.name
)
def test_a_wide_row_has_the_same_bounds_in_parts(quantity: Quantity, wider: Wider) -> None:
    rng, classes, screen = np.random.default_rng(3), 70_001, quantity.screen
    assert screen is not None
    named = {
        "logits": rng.normal(size=(1, classes)) * 5,
        "probabilities": rng.uniform(0.1, 1, (1, classes)),
        "targets": rng.dirichlet(np.ones(classes), 1),
        "v": rng.normal(size=(1, classes)),
    }
    batch = Batch(screen.arguments({name: named[name] for name in quantity.arguments}), wider)
    whole = screen.reference(batch)
    places, parts = zip(*parts_of(batch), strict=True)
    assert len(parts) > 2
    found = [screen.reference(part) for part in parts]
    assert max(one.scale for one in found) == whole.scale
    assert all(one.lost == whole.lost for one in found)
    rounding = Rounding(24, BINARY32.underflow)
    least = screen.budget_at_least(batch, rounding)
    for place, part, one in zip(places, parts, found, strict=True):
        assert part.classes == classes
        assert (one.values.head == whole.values.head[:, place]).all()
        if not isinstance(whole.values.tail, float):
            assert (one.values.tail == whole.values.tail[:, place]).all()
        assert (one.error == whole.error[:, place]).all()
        assert (screen.budget_at_least(part, rounding) == least[:, place]).all()


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_a_power_of_two_has_the_smaller_ulp_as_the_judge_says(format: Format) -> None:
    z, t = np.zeros((1, 1), format.dtype), np.ones((1, 1), format.dtype)
    value = 2.0**-format.precision - 1
    result = screen(IDENTITY_GRADIENT, format, (z, t), np.array([[value]], format.dtype))
    judgement = judge(question(IDENTITY_GRADIENT, format, (z, t), 0), [value])
    assert result is not None
    assert judgement.algorithm is not None
    assert levels(format).index(judgement.algorithm) <= result.rank[0]


def test_a_quotient_that_underflows_is_known_to_what_underflow_costs() -> None:
    o, t = np.array([[1.0, 2.0**500]]), np.array([[2.0**-1060, 2.0**-600]])
    result = screen(LOSS_BY_PROBABILITY, BINARY64, (o, t), -t / o)
    assert result is not None
    assert result.accepted.all()


def test_what_v_is_where_a_logit_is_minus_infinity_does_not_disturb_the_screen() -> None:
    z, v = np.array([[0.0, -inf, 1.0]]), np.array([[1.0, 1e300, -2.0]])
    answer = right_answer(SOFTMAX_BACKWARD, (z, np.where(z > -inf, v, 0)))
    result = screen(SOFTMAX_BACKWARD, BINARY64, (z, v), answer)
    assert result is not None
    assert result.accepted.all()
    answer[0, 1] = 5e-324
    assert not screen(SOFTMAX_BACKWARD, BINARY64, (z, v), 2 * answer).accepted.any()


def test_equal_huge_v_give_zeros_that_are_accepted() -> None:
    for z in ([[0.0, -2000.0, 1.0]], [[800.0, 0.0, 1.0]]):
        v = np.full((1, 3), 1e250)
        result = screen(SOFTMAX_BACKWARD, BINARY64, (np.array(z), v), np.zeros((1, 3)))
        assert result is not None
        assert result.accepted.all()
