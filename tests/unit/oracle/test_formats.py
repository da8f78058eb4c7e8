"""Formats agree with numpy and ml_dtypes, and a format without infinities can be expressed."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcert_oracle import (
    BFLOAT16,
    BINARY16,
    BINARY32,
    BINARY64,
    FAITHFUL,
    FORMATS,
    Format,
    enclose,
    judge,
    question,
)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)

FLOAT8_E4M3FN = Format(
    name="float8_e4m3fn",
    precision=4,
    max=448.0,
    smallest_normal=2.0**-6,
    dtype=np.dtype(ml_dtypes.float8_e4m3fn),
    flushes=False,
)
"""It has no infinities. An IEEE format with its exponents would end at 240 and begin at 2^-6."""


def _fraction(x: arb) -> Fraction:
    assert x.rad() == 0
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


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


def test_an_ulp_of_a_ball_around_a_power_of_two_is_that_of_the_numbers_below() -> None:
    """It is an allowance, and the true value may be one of them."""
    assert float(BINARY64.ulp(arb(0.5))) == 2.0**-53
    assert float(BINARY64.ulp(arb(0.5, 2.0**-80))) == 2.0**-54
    assert float(BINARY64.ulp(arb(-0.5, 2.0**-80))) == 2.0**-54


# A format without infinities.


def test_a_format_without_infinities_has_the_limits_that_its_dtype_publishes() -> None:
    limits = ml_dtypes.finfo(FLOAT8_E4M3FN.dtype)
    assert FLOAT8_E4M3FN.max == float(limits.max)
    assert FLOAT8_E4M3FN.smallest_normal == float(limits.smallest_normal)
    assert FLOAT8_E4M3FN.smallest_subnormal == float(limits.smallest_subnormal) == 2.0**-9
    assert FLOAT8_E4M3FN.precision == limits.nmant + 1


def test_an_ulp_is_the_way_to_the_next_number_in_a_format_without_infinities() -> None:
    numbers = np.arange(0x7F, dtype=np.uint8).view(FLOAT8_E4M3FN.dtype).astype(np.float64)
    assert numbers[-1] == FLOAT8_E4M3FN.max
    for x, step in zip(numbers.tolist(), np.diff(numbers).tolist(), strict=False):
        assert float(FLOAT8_E4M3FN.ulp(arb(x))) == step


@pytest.mark.parametrize("point", [300.0, 1.0, 2.0**-6, 2.0**-8, 0.0])
def test_narrow_is_measured_in_the_ulps_of_a_format_without_infinities(point: float) -> None:
    guard, ulp = 10, float(FLOAT8_E4M3FN.ulp(arb(point)))
    assert FLOAT8_E4M3FN.narrow(arb(point, ulp * 2.0 ** -(guard + 5)), guard)
    assert not FLOAT8_E4M3FN.narrow(arb(point, ulp * 2.0**-guard), guard)


def test_the_oracle_judges_values_in_a_format_without_infinities() -> None:
    asked = question("dE/dz", (0.0, -2.0), (1.0, 0.0), format=FLOAT8_E4M3FN)
    truth = np.array([float(slope) for slope in enclose(asked)])
    values = truth.astype(FLOAT8_E4M3FN.dtype).astype(np.float64).tolist()
    assert judge(asked, values).algorithm is FAITHFUL
    assert judge(asked, [-value for value in values]).algorithm is None
