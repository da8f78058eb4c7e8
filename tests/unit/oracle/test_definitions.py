"""The definition along one coordinate, which the oracle differentiates, is the textbook's.

The plain definitions stand here, as a textbook writes them. No other code needs them.
"""

from cmath import rect
from collections.abc import Sequence
from random import Random

import pytest
from flint import acb, arb, ctx
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gradcert_oracle import (
    BINARY64,
    GRADIENT,
    Question,
    analytic_log,
    analytic_log1p,
    central_differences,
    enclose,
)
from gradcert_oracle.definitions import Shares, Step, shares
from gradcert_oracle.differences import Scalar

# The plain definitions.


def _sum(terms: Sequence[Scalar]) -> Scalar:
    total: Scalar = arb(0)
    for term in terms:
        total = total + term
    return total


def softmax(z: Sequence[Scalar]) -> list[Scalar]:
    """Return ``o_j = exp(z_j) / sum_k exp(z_k)``."""
    powers = [x.exp() for x in z]
    total = _sum(powers)
    return [power / total for power in powers]


def log_sum_exp(z: Sequence[Scalar]) -> Scalar:
    """Return ``ln sum_k exp(z_k)``."""
    return analytic_log(_sum([x.exp() for x in z]))


def cross_entropy(o: Sequence[Scalar], t: Sequence[arb]) -> Scalar:
    """Return ``E = -sum_j t_j ln o_j``, where a term with ``t_j = 0`` is zero for any `o_j`."""
    return -_sum([t_j * analytic_log(o_j) for o_j, t_j in zip(o, t, strict=True) if t_j != 0])


def test_the_plain_definitions_have_the_values_that_everybody_knows() -> None:
    with ctx.workprec(100):
        halves = softmax([arb(0), arb(0)])
        assert all(o.overlaps(arb(1) / 2) for o in halves)
        assert log_sum_exp([arb(0), arb(0)]).overlaps(arb(2).log())
        assert cross_entropy(halves, [arb(1), arb(0)]).overlaps(arb(2).log())


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
    """Return whether two complex balls overlap and are so narrow that a difference would show."""
    one, other = acb(one), acb(other)
    parts = (one.real, one.imag, other.real, other.imag)
    return one.overlaps(other) and all(part.rad() < NARROW for part in parts)


@settings(deadline=None)
@given(row=_rows(), s=STEPS)
@example(row=([0.0, 3.0], [1.0, -1.0], 1), s=arb(0.5))
@example(row=([-9.0, 3.0, 0.0], [0.0, -0.25, -1.0], 1), s=acb(0.25, -0.5))
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


# The dominant class.


def _shares(others: arb) -> Shares:
    return Shares(own=[1 - others, others], others=others, top=0, mass=1 / (1 - others))


def test_a_class_dominates_only_if_it_provably_has_more_than_half() -> None:
    half = arb(1) / 2
    assert _shares(half - arb((1, -50))).dominant == 0
    assert _shares(arb(half - arb((1, -50)), arb((1, -40)))).dominant is None
    assert _shares(half).dominant is None
    assert _shares(arb(0.6)).dominant is None


@pytest.mark.parametrize("bits", [8, 53, 200])
@pytest.mark.parametrize("counts", [(2, 1), (2, 5), (3, 1)])
def test_a_class_that_occurs_twice_never_dominates(bits: int, counts: tuple[int, int]) -> None:
    with ctx.workprec(bits):
        for logit in (-1e-300, -0.1, -40.0, -1e4, -1e300):
            assert shares([0.0, logit], counts).dominant is None


def test_two_classes_too_near_to_compare_have_no_dominant_one() -> None:
    with ctx.workprec(53):
        assert shares([0.0, -(2.0**-60)], [1, 1]).dominant is None
    with ctx.workprec(200):
        assert shares([0.0, -(2.0**-60)], [1, 1]).dominant == 0


# Derivatives of the plain definition.


@settings(deadline=None)
@given(row=_rows())
@example(row=([0.0, 3.0], [1.0, -1.0], 1))
@example(row=([30.0, 0.0, 1.0], [-1.0, 0.75, 0.25], 0))
@example(row=([30.0, 0.0, 1.0], [-1.0, -0.75, -0.25], 0))
@example(row=([1.0, 0.0, 2.0], [-1.0, 0.5, 0.0], 2))
def test_the_gradient_is_the_central_difference_of_the_plain_definition(row) -> None:
    z, t, j = row
    truth = enclose(Question(GRADIENT, (tuple(z), tuple(t)), BINARY64))[j]
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
