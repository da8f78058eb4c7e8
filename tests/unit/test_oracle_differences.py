"""Central differences enclose known derivatives, and refuse what is not proved analytic.

The second half holds the definition along one coordinate, which the oracle differentiates, against
the plain definitions of softmax and cross-entropy.
"""

from cmath import rect
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from flint import acb, arb, ctx
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradcert_oracle import (
    BINARY64,
    QUANTITIES,
    OracleError,
    analytic_log,
    analytic_log1p,
    central_differences,
    cross_entropy,
    log_slopes,
    log_sum_exp,
    quantities,
    softmax,
)
from gradcert_oracle.definitions import Step, shares
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


# The definition along a coordinate.

NARROW = arb((1, -250))
"""Balls at 400 bits that are wider would hide a difference."""

_TARGETS = st.integers(-8, 8).map(lambda eighths: eighths / 8)


@st.composite
def _rows(draw) -> tuple[list[float], list[float], int]:
    """Draw logits, targets and a coordinate."""
    pairs = draw(st.lists(st.tuples(st.floats(-30, 30), _TARGETS), min_size=2, max_size=5))
    z, t = (list(column) for column in zip(*pairs, strict=True))
    return z, t, draw(st.integers(0, len(z) - 1))


REAL_STEPS = st.floats(-1, 1).map(arb)
COMPLEX_STEPS = st.builds(rect, st.floats(0, 1), st.floats(-3.2, 3.2)).map(acb)
STEPS = st.one_of(REAL_STEPS, COMPLEX_STEPS)


def _moved(z: list[float], j: int, s: Scalar) -> list[Scalar]:
    return [arb(x) + s if k == j else arb(x) for k, x in enumerate(z)]


def _agree(one: Scalar, other: Scalar) -> bool:
    """Tell whether two complex balls overlap, and are narrow enough for that to mean something."""
    one, other = acb(one), acb(other)
    parts = (one.real, one.imag, other.real, other.imag)
    return one.overlaps(other) and all(part.rad() < NARROW for part in parts)


@settings(deadline=None)
@given(row=_rows(), s=STEPS)
def test_the_loss_along_a_coordinate_is_the_textbooks_and_so_is_its_mirror_image(row, s) -> None:
    z, t, j = row
    with ctx.workprec(400):
        targets = [arb(x) for x in t]
        own, total = targets[j], sum(targets, arb(0))
        share = softmax([arb(x) for x in z])[j]
        textbook = cross_entropy(softmax(_moved(z, j, s)), targets) - cross_entropy(
            softmax(_moved(z, j, arb(0))), targets
        )
        assert _agree(textbook, total * analytic_log1p(share * s.expm1()) - own * s)
        mirrored = analytic_log1p((1 - share) * (-s).expm1())
        assert _agree(textbook, total * mirrored + (total - own) * s)


@settings(deadline=None)
@given(row=_rows(), steps=st.tuples(STEPS, STEPS))
def test_probabilities_along_a_coordinate_are_the_textbooks_up_to_a_constant(row, steps) -> None:
    z, _, j = row
    with ctx.workprec(400):
        whole = shares(z, [1] * len(z))
        along = whole.coordinate(j)

        def coordinate(i: int, s: Scalar) -> acb:
            step = Step.of(s)
            if i == j:
                return acb(along.own_probability(step))
            return acb(whole.own[i] * along.other_probability(step))

        here, there = steps
        plain = [softmax(_moved(z, j, s)) for s in steps]
        for i in range(len(z)):
            assert _agree(
                acb(plain[0][i]) - acb(plain[1][i]), coordinate(i, here) - coordinate(i, there)
            )


@pytest.mark.parametrize("j", [0, 1])
def test_a_coordinate_keeps_its_share_below_one_half_on_either_side(j: int) -> None:
    along = shares([50.0, -50.0], [1, 1]).coordinate(j)
    assert along.dominates is (j == 0)
    assert along.share.overlaps(arb(-100).exp() / (1 + arb(-100).exp()))


@given(z=st.lists(st.floats(-30, 30), min_size=1, max_size=6, unique=True), seed=st.randoms())
def test_shares_of_equal_classes_are_those_of_each_by_itself(z: list[float], seed: Random) -> None:
    counts = [seed.randint(1, 4) for _ in z]
    each = [x for x, count in zip(z, counts, strict=True) for _ in range(count)]
    together, apart = shares(z, counts), shares(each, [1] * len(each))
    assert together.others.overlaps(apart.others)
    for x, share in zip(z, together.own, strict=True):
        assert share.overlaps(apart.own[each.index(x)])


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


@settings(deadline=None)
@given(row=_rows())
def test_the_gradient_is_the_central_difference_of_the_plain_definition(row) -> None:
    z, t, j = row
    truth = QUANTITIES["dE/dz"](tuple(z), tuple(t), BINARY64)[j]
    with ctx.workprec(600):
        targets = [arb(x) for x in t]

        def textbook(s: Scalar) -> list[Scalar]:
            return [cross_entropy(softmax(_moved(z, j, s)), targets)]

        (plain,) = central_differences(textbook, radius=2.0**-6)
    assert plain.overlaps(truth)
    assert plain.rad() < NARROW


@settings(deadline=None)
@given(row=_rows(), s=STEPS)
def test_cross_entropy_is_log_sum_exp_less_the_weighted_logits(row, s) -> None:
    z, t, j = row
    assume(any(t))
    with ctx.workprec(400):
        moved = _moved(z, j, s)
        targets = [arb(x) for x in t]
        weighted = sum((x * target for x, target in zip(moved, targets, strict=True)), acb(0))
        total = sum(targets, arb(0))
        assert _agree(cross_entropy(softmax(moved), targets), total * log_sum_exp(moved) - weighted)


@pytest.mark.parametrize("classes", [10, 100, 1000])
def test_the_gradient_takes_one_logarithm_a_class_and_equal_classes_share_it(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def counted(shares: Sequence[arb]) -> list[arb]:
        taken.append(len(shares))
        return log_slopes(shares)

    monkeypatch.setattr(quantities, "log_slopes", counted)
    t = (1.0,) + (0.0,) * (2 * classes - 1)
    QUANTITIES["dE/dz"](tuple(-float(k // 2) / classes for k in range(2 * classes)), t, BINARY64)
    assert taken == [classes + 1]


def test_only_what_cancels_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tied classes of equal targets have a derivative of zero; the others are soon narrow."""
    taken: list[int] = []

    def counted(shares: Sequence[arb]) -> list[arb]:
        taken.append(len(shares))
        return log_slopes(shares)

    monkeypatch.setattr(quantities, "log_slopes", counted)
    QUANTITIES["dE/dz"]((0.0, 0.0, -1000.0, -2000.0), (0.5, 0.5, 0.0, 0.0), BINARY64)
    assert taken[0] == 3
    assert set(taken[1:]) == {1}
