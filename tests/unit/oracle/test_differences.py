"""Central differences enclose known derivatives, and refuse what is not proved analytic."""

from itertools import pairwise

import pytest
from flint import acb, arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcert_oracle import (
    OracleError,
    analytic_log,
    analytic_log1p,
    central_differences,
    log_slopes,
)
from gradcert_oracle.differences import Scalar

# Derivatives from values.

KNOWN = {
    "1 - 7s + 4s^2 + 5s^3": (lambda s: 1 - 7 * s + 4 * s**2 + 5 * s**3, lambda: arb(-7)),
    "sin(s)": (lambda s: s.sin(), lambda: arb(1)),
    "exp(2s)": (lambda s: (2 * s).exp(), lambda: arb(2)),
    "exp(1 + s)": (lambda s: (1 + s).exp(), lambda: arb(1).exp()),
    "1 / (3 + s)": (lambda s: 1 / (3 + s), lambda: arb(-1) / 9),
    "ln(2 + s)": (lambda s: analytic_log(2 + s), lambda: arb(1) / 2),
    "ln(1 + s/2)": (lambda s: analytic_log1p(s / 2), lambda: arb(1) / 2),
}


def _at(bits: int, function, *, radius: float = 1) -> arb:
    with ctx.workprec(bits):
        return central_differences(lambda s: [function(s)], radius=radius)[0]


@pytest.mark.parametrize(("function", "derivative"), KNOWN.values(), ids=KNOWN)
def test_an_enclosure_holds_the_derivative_and_narrows_with_precision(function, derivative) -> None:
    with ctx.workprec(4000):
        truth = derivative()
    for bits in range(3, 40):
        assert _at(bits, function).contains(truth)
    radii = []
    for bits in (60, 120, 240, 480, 960):
        ball = _at(bits, function)
        assert ball.contains(truth)
        radii.append(ball.rad())
    assert all(finer < coarser for coarser, finer in pairwise(radii))
    assert radii[-1] < arb((1, -600))


@pytest.mark.parametrize("bits", [6, 12, 24, 53, 200])
def test_the_bound_of_the_remainder_is_what_holds_the_derivative(bits: int) -> None:
    """``D(h)`` of s^3 is h^2 without any rounding, and its derivative is zero."""
    ball = _at(bits, lambda s: s**3)
    assert ball.mid() == arb((1, -2 * (bits // 3)))
    assert ball.contains(0)


def test_a_step_as_large_as_the_disc_proves_nothing() -> None:
    assert not _at(2, lambda s: s.sin()).is_finite()


@settings(deadline=None)
@given(
    coefficients=st.lists(st.integers(-1000, 1000), min_size=2, max_size=12),
    bits=st.integers(3, 400),
    radius=st.sampled_from([0.125, 0.5, 1, 2]),
)
def test_an_enclosure_holds_the_slope_of_any_polynomial(
    coefficients: list[int], bits: int, radius: float
) -> None:
    def polynomial(s: Scalar) -> Scalar:
        value: Scalar = arb(0)
        for coefficient in reversed(coefficients):
            value = value * s + coefficient
        return value

    assert _at(bits, polynomial, radius=radius).contains(coefficients[1])


def test_every_function_of_a_family_gets_its_own_derivative() -> None:
    with ctx.workprec(100):
        balls = central_differences(lambda s: [(k * s).exp() for k in range(1, 6)])
    assert [round(float(ball)) for ball in balls] == [1, 2, 3, 4, 5]
    assert all(ball.contains(k) for k, ball in enumerate(balls, 1))


# What is not analytic on the disc.

SINGULAR = {
    "branch point of ln(1/2 + s)": lambda s: analytic_log(s + 0.5),
    "branch point of ln(1 + 2s)": lambda s: analytic_log1p(2 * s),
    "branch point on the rim, ln(1 + s)": analytic_log1p,
    "branch cut of ln(s - 2)": lambda s: analytic_log(acb(s - 2)),
    "pole at 1/2": lambda s: 1 / (s - 0.5),
    "pole at i/2": lambda s: 1 / (s * s + 0.25),
}


@pytest.mark.parametrize("function", SINGULAR.values(), ids=SINGULAR)
@pytest.mark.parametrize("bits", [53, 500])
def test_a_function_with_a_singularity_in_the_disc_is_refused(function, bits: int) -> None:
    with pytest.raises(OracleError, match="not proved analytic"):
        _at(bits, function)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda s: analytic_log(s + 0.5), 2),
        (lambda s: analytic_log1p(2 * s), 2),
        (lambda s: 1 / (s - 0.5), -4),
    ],
    ids=["ln(1/2 + s)", "ln(1 + 2s)", "1 / (s - 1/2)"],
)
def test_a_disc_that_keeps_away_from_the_singularity_is_enough(function, derivative: int) -> None:
    ball = _at(200, function, radius=0.25)
    assert ball.contains(derivative)
    assert ball.rad() < arb((1, -100))


def test_a_logarithm_across_its_branch_cut_would_prove_a_falsehood() -> None:
    """The true derivative of ``i ln(-2 + is)`` is 1/2; the jump of 2 pi looks like a slope."""

    def through_the_cut(s: Scalar) -> acb:
        return acb(-2) + acb(0, 1) * s

    wrong = _at(100, lambda s: acb(0, 1) * through_the_cut(s).log())
    assert wrong.is_finite()
    assert not wrong.contains(0.5)
    with pytest.raises(OracleError, match="not proved analytic"):
        _at(100, lambda s: acb(0, 1) * analytic_log(through_the_cut(s)))
    with pytest.raises(OracleError, match="not proved analytic"):
        _at(100, lambda s: acb(0, 1) * analytic_log1p(through_the_cut(s) - 1))


# All slopes at once, against each by itself.


@pytest.mark.parametrize("bits", [8, 53, 126, 1000])
@given(share=st.floats(0, 1) | st.floats(-1000, 0).map(lambda x: 2.0**x))
def test_slopes_at_once_hold_what_one_central_difference_holds(bits: int, share: float) -> None:
    with ctx.workprec(bits):
        (fast,) = log_slopes([arb(share)])
    with ctx.workprec(3 * bits + 100):
        (plain,) = central_differences(
            lambda s: [analytic_log1p(share * (s.exp() - 1))], radius=0.5
        )
    assert fast.overlaps(plain)
    assert fast.rad() <= share * arb((1, 4 - bits))
