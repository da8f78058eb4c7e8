"""Enclosures of losses with options hold the closed form, and the difference of the definition.

Hundreds of drawn rows are tried here. ``python tests/unit/drawn_losses.py 10000`` tries more.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import inf

import numpy as np
import pytest
from drawn_losses import REGIMES, differences, draw, drawn, violations
from flint import acb, arb, ctx
from instructions import instructions

from gradcert_oracle import (
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    GUARD,
    LOSS,
    Loss,
    Question,
    Share,
    analytic_log1p,
    enclose,
    judge,
    question,
    scale,
)
from gradcert_oracle.options import _Disc

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_an_enclosure_holds_the_closed_form_and_is_narrow(format, regime) -> None:
    rng = np.random.default_rng([format.precision, list(REGIMES).index(regime)])
    for number in range(12):
        asked = draw(rng, format, regime, (1, 2, 3, 9)[number % 4])
        assert not [*violations(asked), *violations(replace(asked, quantity=LOSS))]


def test_a_row_of_hundreds_of_classes_is_held_too() -> None:
    for asked in drawn(8, seed=5, sizes=(300,)):
        assert not [*violations(asked)]


def test_the_gradient_is_the_central_difference_of_the_plain_definition() -> None:
    for asked in drawn(60, seed=3):
        truth, plain = enclose(asked), differences(asked)
        with ctx.workprec(200):
            width = max(scale(asked), asked.format.smallest_subnormal) * arb(2) ** -200
            for ball, difference in zip(truth, plain, strict=True):
                assert ball.overlaps(difference), f"{asked}, {asked.loss}, {asked.share}"
                assert difference.rad() < width, f"{asked}, {asked.loss}, {asked.share}"


@pytest.mark.parametrize("softcap", [inf, 1000.0, 30.0, 1.0, 0.3])
def test_what_bounds_a_step_on_the_disc_does_bound_it(softcap: float) -> None:
    """At points of the rim, for rescaled logits x from the middle of the softcap to its plateau."""
    rng = np.random.default_rng(0)
    with ctx.workprec(300):
        disc, near = _Disc.of(softcap), 1 + arb(2) ** -100
        for x in (0.0, 0.1, 0.3, -0.3, 1.0, -3.0, 20.0):
            steep = arb(1) if softcap == inf else 1 / arb(x).cosh() ** 2
            for angle in rng.uniform(0, 2 * np.pi, 40):
                step = disc.radius * acb(0, float(angle)).exp()
                moved = step
                if softcap < inf:
                    moved = softcap * ((x + step / softcap).tanh() - arb(x).tanh())
                assert abs(moved) <= disc.furthest * near
                assert abs(moved) <= disc.slope * steep * near
                for p in (1e-9, 0.3, 1.0):
                    f = analytic_log1p(p * (moved.exp() - 1))
                    assert abs(f) <= p * steep * disc.steepest * near
                    assert abs(f) <= disc.most * near


def test_the_plain_loss_is_the_special_case() -> None:
    """A scale of one and a factor of two are the plain gradient, doubled."""
    for asked in drawn(40, seed=9):
        z = tuple(0.0 if x == -inf else x for x in asked["logits"])
        rows = z, asked["targets"]
        for quantity in (GRADIENT, LOSS):
            plain = enclose(Question(quantity, rows, BINARY64))
            doubled = enclose(Question(quantity, rows, BINARY64, Loss(multiplier=2.0)))
            capped = enclose(Question(quantity, rows, BINARY64, Loss(softcap=1e300)))
            assert all(map(arb.overlaps, map(arb(2).__mul__, plain), doubled))
            assert all(map(arb.overlaps, plain, capped))


@EACH_FORMAT
def test_the_dominant_class_keeps_a_gradient_that_is_tiny(format) -> None:
    z, t = (60.0, 0.0, -1.0), (1.0, 0.0, 0.0)
    for loss in (Loss(class_weights=(3.0, 1.0, 1.0)), Loss(logit_scale=2.0), Loss(softcap=100.0)):
        asked = question("dE/dz", z, t, format=format, loss=loss)
        assert not [*violations(asked)]
        assert -1e-20 < float(enclose(asked)[0]) < 0


def test_a_masked_class_without_a_target_has_a_gradient_of_zero() -> None:
    loss = Loss(class_weights=(2.0, 0.0, 1.0), logit_scale=0.5, z_loss=0.1)
    z, t = (1.0, -inf, -inf), (1.0, 1.0, 0.0)
    own, masked, other = enclose(question("dE/dz", z, t, format=BINARY64, loss=loss))
    assert masked.is_zero()
    assert other.is_zero()
    assert own.overlaps(arb("0.05"))  # 2 zeta L s, with L = 1/2; the cross-entropy has none.


@EACH_FORMAT
def test_a_class_on_the_plateau_of_a_softcap_has_a_gradient_as_small_as_its_slope(format) -> None:
    loss = Loss(softcap=1.0)
    z = (20.0, 0.0)
    found = enclose(question("dE/dz", z, (1.0, 0.0), format=format, loss=loss))
    assert -1e-16 < float(found[0]) < -1e-18
    assert not [*violations(question("dE/dz", (1e4, -1e4), (1.0, 0.0), format=format, loss=loss))]


@EACH_FORMAT
def test_an_upstream_gradient_of_zero_leaves_nothing(format) -> None:
    loss = Loss(label_smoothing=0.1, z_loss=0.1, softcap=30.0)
    asked = Question(GRADIENT, ((1.0, 2.0), (1.0, 0.0)), format, loss, Share(upstream=0.0))
    assert all(ball.is_zero() for ball in enclose(asked))


def test_a_value_does_not_depend_on_the_upstream_gradient() -> None:
    rows = (1.0, 2.0), (1.0, 0.0)
    first, second = (
        enclose(Question(LOSS, rows, BINARY64, share=Share(upstream=x, divisor=Fraction(3))))[0]
        for x in (1.0, -5.0)
    )
    assert first.overlaps(second)


def test_the_gradient_is_that_of_the_row_times_its_upstream_gradient_over_its_divisor() -> None:
    rows = (1.0, 2.0), (0.25, 0.75)
    loss = Loss(label_smoothing=0.25)
    share = Share(upstream=-6.0, divisor=Fraction(3))
    plain = enclose(Question(GRADIENT, rows, BINARY32, loss))
    shared = enclose(Question(GRADIENT, rows, BINARY32, loss, share))
    assert all(map(arb.overlaps, map(arb(-2).__mul__, plain), shared))


def test_a_z_loss_may_be_differentiated_by_itself_with_probabilities_of_its_own() -> None:
    """Here ``1 + 2 zeta L`` is small, so that the errors of two softmaxes do not cancel."""
    z, t = np.array([-489.0, -483.0]), np.array([1.0, 0.0])
    loss = Loss(label_smoothing=0.1, z_loss=0.001)
    powers = np.exp(z - z.max())
    log_sum = z.max() + np.log(powers.sum())
    square = 0.002 * log_sum * np.exp(z - log_sum)
    answer = powers / powers.sum() - 0.9 * t - 0.05 + square
    asked = question("dE/dz", tuple(z), tuple(t), format=BINARY64, loss=loss)
    assert str(judge(asked, tuple(answer)).algorithm) == "log-sum-exp"
    assert judge(asked, tuple(answer + 1e-12)).algorithm is None


def test_the_largest_logits_are_held_at_any_scale() -> None:
    for size, s in ((1e300, 1e-300), (1e300, 2.0), (1e-300, 1e300)):
        for softcap in (inf, 30.0):
            loss = Loss(logit_scale=s, softcap=softcap)
            asked = question("dE/dz", (size, 0.0), (0.0, 1.0), format=BINARY64, loss=loss)
            assert not [*violations(asked)]


@pytest.mark.parametrize(
    "loss",
    [
        lambda _: Loss(label_smoothing=0.25),
        lambda _: Loss(logit_scale=0.5),
        lambda _: Loss(softcap=4.0),
        lambda _: Loss(z_loss=0.125),
        lambda n: Loss(class_weights=tuple(1 + k / n for k in range(n))),
        lambda _: Loss(label_smoothing=0.25, logit_scale=0.5, softcap=4.0, z_loss=0.125),
    ],
    ids=["smoothing", "scale", "softcap", "z-loss", "weights", "four"],
)
def test_the_time_is_linear_in_the_classes(loss: Callable[[int], Loss]) -> None:
    """Twice the classes need twice the instructions, for rows of distinct classes."""

    def work(classes: int) -> int:
        z = tuple(k / classes for k in range(classes))
        asked = question("dE/dz", z, z[::-1], format=BINARY64, loss=loss(classes))
        return instructions(partial(GRADIENT.enclose, asked, GUARD))

    work(10)  # What is computed once and kept is computed here.
    few, more, most = map(work, (50, 100, 200))
    assert most - more == pytest.approx(2 * (more - few), rel=0.02)
