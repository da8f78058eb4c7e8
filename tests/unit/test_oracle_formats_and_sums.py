"""Formats agree with numpy and ml_dtypes; sums agree with the integers."""

import random
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcert_oracle import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format
from gradcert_oracle.sums import SUMMATIONS, pairwise, sequential

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
EACH_ORDER = pytest.mark.parametrize("order", SUMMATIONS)


def _fraction(x: arb) -> Fraction:
    assert x.rad() == 0
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


# Formats.


@EACH_FORMAT
def test_a_format_has_the_limits_its_dtype_publishes(format: Format) -> None:
    limits = ml_dtypes.finfo(format.dtype)
    assert format.dtype.name == {"bfloat16": "bfloat16"}.get(
        format.name, format.name.replace("binary", "float")
    )
    assert format.precision == limits.nmant + 1
    assert format.max == float(limits.max)
    assert format.smallest_normal == float(limits.smallest_normal)
    assert format.smallest_subnormal == float(limits.smallest_subnormal)


@pytest.mark.parametrize("format", [BINARY64, BINARY32], ids=lambda format: format.name)
@given(data=st.data())
def test_an_ulp_is_numpys_spacing(format: Format, data: st.DataObject) -> None:
    width = 8 * format.dtype.itemsize
    x = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    assume(abs(x) < format.max)  # numpy steps out of range there
    assert float(format.ulp(arb(x))) == float(np.spacing(format.dtype.type(abs(x))))


@pytest.mark.parametrize("format", [BINARY16, BFLOAT16], ids=lambda format: format.name)
def test_an_ulp_is_the_way_to_the_next_number_for_every_16_bit_number(format: Format) -> None:
    infinity = int(np.array(np.inf, format.dtype).view(np.uint16))
    numbers = np.arange(infinity, dtype=np.uint16).view(format.dtype).astype(np.float64)
    steps = np.diff(numbers)
    for x, step in zip(numbers.tolist(), steps.tolist(), strict=False):
        assert float(format.ulp(arb(x))) == step
        assert float(format.ulp(arb(-x))) == step


@EACH_FORMAT
@given(middle=st.floats(-1e6, 1e6), radius=st.floats(0, 1e6), part=st.integers(-8, 8))
def test_an_ulp_of_a_ball_is_no_more_than_that_of_any_point_in_it(
    format: Format, middle: float, radius: float, part: int
) -> None:
    with ctx.workprec(200):
        point = arb(middle) + arb(radius) * part / 8
        assert format.ulp(arb(middle, radius)) <= format.ulp(point)


BALLS = st.tuples(
    st.integers(1, 1 << 60),
    st.one_of(st.integers(-1200, 40), st.integers(-220, -120), st.integers(-90, 0)),
    st.sampled_from([-1, 1]),
    st.integers(1, 1000),
    st.integers(-12, 6),
    st.sampled_from([1, 10, 80]),
)
"""Mantissa, exponent and sign of the middle; mantissa and size of the radius; guard."""


def _ball(format: Format, drawn: tuple[int, ...]) -> tuple[arb, int]:
    """Return a ball about as wide as ``narrow`` can just allow, and the guard."""
    mantissa, exponent, sign, radius, size, guard = drawn
    with ctx.workprec(300):
        middle = arb((sign * mantissa, exponent))
        ulp = _fraction(format.ulp(middle))
        leading = ulp.numerator.bit_length() - ulp.denominator.bit_length()
        return arb(middle, arb((radius, leading - guard + size - 10))), guard


def _width_and_allowed(format: Format, ball: arb, guard: int) -> tuple[Fraction, Fraction]:
    """Return the ball's diameter and ``2**-guard`` ulp at the point of it nearest to zero."""
    middle, radius = abs(_fraction(ball.mid())), _fraction(ball.rad())
    nearest = max(middle - radius, Fraction(0))
    ulp = Fraction(format.smallest_subnormal)
    while nearest >= ulp * 2**format.precision:
        ulp *= 2
    return 2 * radius, ulp / 2**guard


@EACH_FORMAT
@given(drawn=BALLS)
def test_a_narrow_ball_is_narrower_than_the_guard_promises(
    format: Format, drawn: tuple[int, ...]
) -> None:
    ball, guard = _ball(format, drawn)
    width, allowed = _width_and_allowed(format, ball, guard)
    assume(format.narrow(ball, guard))
    assert width < allowed


@EACH_FORMAT
@given(drawn=BALLS)
def test_a_ball_sixteen_times_narrower_than_promised_is_always_narrow(
    format: Format, drawn: tuple[int, ...]
) -> None:
    ball, guard = _ball(format, drawn)
    width, allowed = _width_and_allowed(format, ball, guard)
    assume(16 * width <= allowed)
    assert format.narrow(ball, guard)


@EACH_FORMAT
def test_what_is_not_a_number_is_never_narrow(format: Format) -> None:
    assert not format.narrow(arb.nan(), 10)
    assert not format.narrow(arb(0, float("inf")), 10)
    assert not format.narrow(arb(1, 1), 10)


@EACH_FORMAT
def test_an_operation_may_flush_a_subnormal_number_except_in_binary16(
    format: Format,
) -> None:
    lost = format.smallest_subnormal if format is BINARY16 else format.smallest_normal
    assert format.underflow == lost


# Sums.


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


@given(
    terms=st.lists(st.floats(2.0**-20, 1, width=32), min_size=1, max_size=40), order=st.randoms()
)
def test_a_sequential_sum_holds_what_a_loop_in_any_order_computes(
    terms: list[float], order: random.Random
) -> None:
    with ctx.workprec(24):
        total, _ = sequential([arb(term) for term in terms])
    order.shuffle(terms)
    computed = np.float32(0)
    for term in terms:
        computed = computed + np.float32(term)
    error = abs(arb(float(computed)) - sum(map(arb, terms), arb(0)))
    assert error <= 2 * total.rad() + arb((1, -60))


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
