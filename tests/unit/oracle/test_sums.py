"""Sums agree with the integers, nothing cancels, and what is too large for binary64 is infinite."""

import random
from fractions import Fraction
from itertools import accumulate
from math import fsum, inf

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import example, given
from hypothesis import strategies as st

from gradcert_oracle.sums import SUMMATIONS, float_sum, of_both_signs, pairwise, sequential

EACH_ORDER = pytest.mark.parametrize("order", SUMMATIONS)


@EACH_ORDER
@given(terms=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=70))
def test_sums_and_sums_of_the_others_are_the_integers(order: str, terms: list[int]) -> None:
    total, others = SUMMATIONS[order]([arb(term) for term in terms], range(len(terms)))
    assert total == sum(terms)
    assert len(others) == len(terms)
    assert all(other == sum(terms) - term for other, term in zip(others, terms, strict=True))


@EACH_ORDER
@pytest.mark.parametrize("place", range(5))
def test_nothing_cancels_where_one_term_dominates(order: str, place: int) -> None:
    """At 53 bits the small terms vanish beside one; the sum of the others has them exactly."""
    terms = [arb((1, -200 - k)) for k in range(4)]
    terms.insert(place, arb(1))
    total, (others,) = SUMMATIONS[order](terms, [place])
    assert total.contains(1)
    assert others == arb((15, -203))


def _exact_sums(terms: list[float]) -> list[float]:
    """Return the sums, largest term first, that a ball of 24 bits computes without rounding."""
    sums = accumulate(map(Fraction, sorted(terms, reverse=True)))
    return [float(total) for total in sums if Fraction(float(np.float32(total))) == total]


@given(
    terms=st.lists(st.floats(2.0**-20, 1, width=32), min_size=1, max_size=40), order=st.randoms()
)
@example(terms=[1.0, 0.5, 0.9936996698379517, 0.9936996698379517], order=random.Random(0))
def test_a_sequential_sum_contains_what_a_loop_in_any_order_computes_but_for_its_exact_additions(
    terms: list[float], order: random.Random
) -> None:
    """A loop may round where the ball does not, so each addition that is exact is charged here."""
    charged = sum(_exact_sums(terms)) * 2.0**-24
    with ctx.workprec(24):
        total, _ = sequential([arb(term) for term in terms])
    order.shuffle(terms)
    computed = np.float32(0)
    for term in terms:
        computed = computed + np.float32(term)
    with ctx.workprec(100):
        error = abs(arb(float(computed)) - sum(map(arb, terms), arb(0)))
        assert error <= 2 * total.rad() + charged * (1 + 2.0**-18)


def test_a_pairwise_sum_rounds_once_a_level() -> None:
    """2^10 positive terms at 24 bits: each of ten levels may lose one unit in the last place."""
    rng = np.random.default_rng(1)
    with ctx.workprec(24):
        terms = [arb(x) for x in rng.uniform(0.5, 1, 1024).astype(np.float32).tolist()]
        total, others = pairwise(terms, range(len(terms)))
    with ctx.workprec(200):
        exact = sum(terms, arb(0))
        assert total.contains(exact)
        assert all(other.contains(exact - x) for other, x in zip(others, terms, strict=True))
        level = exact * arb((1, -23))
        assert all(ball.rad() < 10.01 * level for ball in (total, *others))


@EACH_ORDER
@given(terms=st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40), place=st.integers(0, 1))
@example(terms=[1.0, -1.0, 2.0**-30], place=1)
def test_the_sums_of_terms_of_both_signs_are_as_wide_as_those_of_the_sizes(
    order: str, terms: list[float], place: int
) -> None:
    with ctx.workprec(24):
        balls = [arb(term) for term in terms]
        signed, sizes = of_both_signs(SUMMATIONS[order], balls, [place])
    rest = terms[:place] + terms[place + 1 :]
    sums = ((signed[0], sizes[0], terms), (signed[1][0], sizes[1][0], rest))
    with ctx.workprec(400):
        for ball, size, added in sums:
            assert ball.contains(sum(map(arb, added), arb(0)))
            assert size.contains(sum(map(abs, map(arb, added)), arb(0)))
            assert ball.rad() >= size.rad()


@given(terms=st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40), order=st.randoms())
@example(terms=[1.0, -1.0, 2.0**-30], order=random.Random(2))
def test_a_sequential_sum_of_both_signs_contains_what_a_loop_in_any_order_computes_as_well(
    terms: list[float], order: random.Random
) -> None:
    """Here each addition of sizes that is exact is charged, as above."""
    charged = sum(_exact_sums(list(map(abs, terms)))) * 2.0**-24
    with ctx.workprec(24):
        (total, _), _ = of_both_signs(sequential, [arb(term) for term in terms])
    computed = np.float32(0)
    for term in order.sample(terms, len(terms)):
        computed = computed + np.float32(term)
    with ctx.workprec(400):
        error = abs(arb(float(computed)) - sum(map(arb, terms), arb(0)))
        assert error <= 2 * total.rad() + charged * (1 + 2.0**-18)


@EACH_ORDER
@given(terms=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40))
def test_a_sum_of_both_signs_is_the_plain_one_where_no_sign_differs(
    order: str, terms: list[float]
) -> None:
    with ctx.workprec(24):
        for sign in (1, -1):
            balls = [arb(sign * term) for term in terms]
            plain, _ = SUMMATIONS[order](balls, ())
            (total, _), (sizes, _) = of_both_signs(SUMMATIONS[order], balls)
            assert total.mid() == plain.mid() == sign * sizes.mid()
            assert plain.rad() <= total.rad() <= plain.rad() * 1.001


@given(terms=st.lists(st.floats(-1e300, 1e300), max_size=20))
def test_a_sum_of_floats_is_rounded_once(terms: list[float]) -> None:
    assert float_sum(terms) == fsum(terms)


@pytest.mark.parametrize(
    "terms", [[1e308, 1e308], [-1e308, -1e308], [inf, 1.0], [inf, -inf], [1e308, 1e308, -1e308]]
)
def test_a_sum_of_floats_that_is_too_large_on_the_way_is_infinite(terms: list[float]) -> None:
    assert float_sum(terms) == inf
