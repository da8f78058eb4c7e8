"""Sigmoid and identity outputs: enclosures contain the closed forms, budgets the textbook runs.

The closed forms are a rational number for the identity, and for the sigmoid one that mpmath
evaluates from two terms, ``(1 - t) s(z) - t s(-z)``, neither of which cancels within itself.
"""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from mpmath import libmp, mp, mpf

from gradcert_implementations.identity_product import gradient as identity_product
from gradcert_implementations.sigmoid_product import gradient as sigmoid_product
from gradcert_oracle import (
    ALLOWED,
    BINARY64,
    FORMATS,
    GUARD,
    IDENTITY_GRADIENT,
    SIGMOID_GRADIENT,
    Algorithm,
    Format,
    Loss,
    Quantity,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    scale,
)

Row = tuple[float, ...]

BITS = {"binary64": 2600, "binary32": 700, "binary16": 200, "bfloat16": 600}
"""Precision of the closed forms: far below the smallest subnormal number, 2^-1074 in binary64."""

RUNS = {SIGMOID_GRADIENT: sigmoid_product, IDENTITY_GRADIENT: identity_product}

each_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
each_output = pytest.mark.parametrize("quantity", RUNS, ids=lambda quantity: quantity.output)
many = settings(deadline=None, database=None, max_examples=150)


def asked_of(quantity: Quantity, z: Row, t: Row, format: Format) -> Question:
    return Question(quantity, (z, t), format, Loss(output=quantity.output))


def rounded(values: Row, format: Format) -> Row:
    return tuple(np.array(values).astype(format.dtype).astype(np.float64).tolist())


def rows(largest: float = 1e4) -> SearchStrategy[tuple[Row, Row]]:
    """Return logits of all sizes, saturated ones and zero among them, and targets of any sign."""
    logits = st.one_of(
        st.floats(-largest, largest), st.floats(-40, 40), st.sampled_from([0.0, largest, -largest])
    )
    targets = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(-4, 4))
    return st.lists(st.tuples(logits, targets), min_size=1, max_size=5).map(
        lambda pairs: (tuple(z for z, _ in pairs), tuple(t for _, t in pairs))
    )


# The truth.


def exactly(x: arb) -> mpf:
    mantissa, exponent = x.man_exp()
    return mp.make_mpf(libmp.from_man_exp(int(mantissa), int(exponent)))


def rational(x: arb) -> Fraction:
    mantissa, exponent = x.man_exp()
    power: Fraction = Fraction(2) ** int(exponent)
    return int(mantissa) * power


def width_allowed(size: Fraction | mpf, format: Format) -> Fraction:
    """Return ``2**-GUARD`` ulp at that size, or of the smallest subnormal number."""
    ulp = Fraction(format.smallest_subnormal)
    if abs(size) >= format.smallest_normal:
        with mp.workprec(BITS[format.name]):
            numerator = mpf(size.numerator) / size.denominator if type(size) is Fraction else size
            ulp = Fraction(2) ** (mp.mag(numerator) - format.precision)
    return ulp / 2**GUARD


@each_format
@given(row=rows(largest=1e30))
@example(row=((1e4, -1e4, 0.0), (1.0, 1.0, 1.0)))
@many
def test_an_enclosure_of_the_identity_gradient_holds_z_less_t(
    format: Format, row: tuple[Row, Row]
) -> None:
    z, t = (rounded(tuple(np.clip(x, -format.max, format.max)), format) for x in row)
    balls = enclose(asked_of(IDENTITY_GRADIENT, z, t, format))
    assert len(balls) == len(z)
    for x, target, ball in zip(z, t, balls, strict=True):
        truth = Fraction(x) - Fraction(target)
        assert abs(rational(ball.mid()) - truth) <= rational(ball.rad())
        assert rational(ball.rad()) < width_allowed(truth, format)


@each_format
@given(row=rows())
@example(row=((1e4, -1e4, 40.0, -40.0), (1.0, 0.0, 1.0, 0.0)))
@example(row=((0.0, 1e4), (0.5, 0.5)))
@many
def test_an_enclosure_of_the_sigmoid_gradient_holds_sigma_less_t(
    format: Format, row: tuple[Row, Row]
) -> None:
    z, t = (rounded(x, format) for x in row)
    balls = enclose(asked_of(SIGMOID_GRADIENT, z, t, format))
    assert len(balls) == len(z)
    for x, target, ball in zip(z, t, balls, strict=True):
        with mp.workprec(BITS[format.name]):
            small = mp.exp(-abs(mpf(x)))
            near, far = 1 / (1 + small), small / (1 + small)
            output, rest = (near, far) if x > 0 else (far, near)
            truth = (1 - mpf(target)) * output - target * rest
            slack = mp.ldexp(1 + abs(target), 16 - mp.prec)
            assert abs(exactly(ball.mid()) - truth) <= exactly(ball.rad()) + slack
            assert rational(ball.rad()) < width_allowed(truth, format)


@pytest.mark.parametrize("logit", [40.0, 750.0, 10000.0])
def test_what_is_left_of_a_saturated_sigmoid_is_not_lost(logit: float) -> None:
    with mp.workdps(30):
        far = mp.exp(-mpf(logit)) / (1 + mp.exp(-mpf(logit)))
        for z, t, truth in ((logit, 1.0, -far), (-logit, 0.0, far)):
            (ball,) = enclose(asked_of(SIGMOID_GRADIENT, (z,), (t,), BINARY64), 15000)
            assert abs(exactly(ball.mid()) / truth - 1) < 1e-25


@each_output
@given(row=rows(largest=100), guard=st.integers(1, 200))
@settings(deadline=None, database=None, max_examples=40)
def test_a_narrower_enclosure_lies_where_a_wider_one_does(
    quantity: Quantity, row: tuple[Row, Row], guard: int
) -> None:
    asked = asked_of(quantity, *row, BINARY64)
    wide, narrow = (enclose(asked, bits) for bits in (guard, guard + 100))
    for one, other in zip(wide, narrow, strict=True):
        assert one.overlaps(other)
        assert BINARY64.narrow(one, guard)
        assert BINARY64.narrow(other, guard + 100)


# Rows that are refused.


@each_output
@pytest.mark.parametrize(
    ("z", "t", "message"),
    [
        ((), (), "a row needs at least one class"),
        ((0.0, 1.0), (1.0,), "2 logits and 1 targets: each class needs one of both"),
        ((0.0,), (1.0, 0.0), "1 logits and 2 targets: each class needs one of both"),
        ((nan,), (1.0,), "logits must be finite$"),
        ((inf,), (1.0,), "logits must be finite$"),
        ((0.0, -inf), (1.0, 0.0), "logits must be finite$"),
        ((0.0,), (nan,), "targets must be finite"),
        ((0.0,), (-inf,), "targets must be finite"),
    ],
)
def test_a_bad_row_is_turned_away(quantity: Quantity, z: Row, t: Row, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        enclose(asked_of(quantity, z, t, BINARY64))


# Budgets.


def run(quantity: Quantity, z: Row, t: Row, format: Format) -> list[float]:
    arrays = (np.array([row]).astype(format.dtype) for row in (z, t))
    with np.errstate(all="ignore"):
        answer = RUNS[quantity](*arrays)
    assert answer.dtype == format.dtype
    values: list[float] = answer[0].astype(np.float64).tolist()
    return values


@each_output
@each_format
@given(row=rows(), power=st.sampled_from([1, 1, 1e3, 1e6, 1e30]))
@many
def test_a_budget_holds_the_run_of_a_textbook_algorithm_within_two(
    quantity: Quantity, format: Format, row: tuple[Row, Row], power: float
) -> None:
    z, t = (rounded(x, format) for x in row)
    factor = min(power, format.max / 16)
    t = rounded(tuple(target * factor for target in t), format)
    values = run(quantity, z, t, format)
    shifted = Algorithm("shifted", "pairwise")
    asked = asked_of(quantity, z, t, format)
    allowed = budgets(asked, shifted)
    assert allowed is not None
    for value, true, budget in zip(values, enclose(asked), allowed, strict=True):
        assert abs(value - true) <= ALLOWED * budget
    assert judge(asked, values).algorithm is not None


@each_output
@each_format
@given(row=rows())
@many
def test_a_budget_is_no_larger_than_a_few_roundings_of_the_row(
    quantity: Quantity, format: Format, row: tuple[Row, Row]
) -> None:
    z, t = (rounded(x, format) for x in row)
    allowed = budgets(asked_of(quantity, z, t, format), Algorithm("shifted", "pairwise"))
    assert allowed is not None
    # No sum runs over the classes. So the budget of a value comes from its own two or three terms.
    for x, target, budget in zip(z, t, allowed, strict=True):
        size = abs(target) + (abs(x) if quantity is IDENTITY_GRADIENT else 1)
        assert budget <= 16 * 2.0**-format.precision * size + 4 * format.underflow


@each_output
@pytest.mark.parametrize("name", ["binary64", "binary32"])
@given(row=rows(largest=100))
@many
def test_a_flipped_sign_is_refuted(quantity: Quantity, name: str, row: tuple[Row, Row]) -> None:
    format = FORMATS[name]
    z, t = (rounded(x, format) for x in row)
    values = run(quantity, z, t, format)
    assume(max(map(abs, values)) > 0.01)
    asked = asked_of(quantity, z, t, format)
    assert judge(asked, [-value for value in values]).algorithm is None


@each_output
@given(row=rows(largest=100))
@many
def test_a_value_wrong_by_one_part_in_1e13_is_refuted(
    quantity: Quantity, row: tuple[Row, Row]
) -> None:
    values = run(quantity, *row, BINARY64)
    assume(any(abs(v) > (abs(x) + abs(t)) / 2 for v, x, t in zip(values, *row, strict=True)))
    assume(max(map(abs, values)) > 0.25)
    scaled = [value * (1 + 1e-13) for value in values]
    assert judge(asked_of(quantity, *row, BINARY64), scaled).algorithm is None


def test_the_scale_of_a_row_is_the_size_of_its_terms() -> None:
    z, t = (3.0, -8.0), (2.0, 0.5)
    assert scale(asked_of(SIGMOID_GRADIENT, z, t, BINARY64)) == 3
    assert scale(asked_of(IDENTITY_GRADIENT, z, t, BINARY64)) == 8.5


@each_output
@each_format
def test_an_elementwise_output_has_the_levels_of_its_format(
    quantity: Quantity, format: Format
) -> None:
    asked = asked_of(quantity, (0.5, -1.0), (1.0, 0.0), format)
    for algorithm in algorithms(format):
        with ctx.workprec(64):
            found = budgets(asked, algorithm)
        assert found is not None
        assert len(found) == 2
