"""Enclosures of products with a vector, of log-softmax and of dE/dt hold what the definition says.

Some hundreds of drawn rows are tried here. ``python tests/unit/drawn_products.py 10000`` tries
more.
"""

from functools import partial
from math import inf

import numpy as np
import pytest
from drawn_losses import REGIMES, violations
from drawn_products import PRODUCTS, closed_form, differences, draw, drawn
from flint import acb, arb, ctx
from instructions import instructions

from gradcert_oracle import (
    BINARY16,
    BINARY64,
    FORMATS,
    GUARD,
    HESSIAN_VECTOR_PRODUCT,
    LOG_SOFTMAX,
    LOG_SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD,
    TARGET_GRADIENT,
    Format,
    Quantity,
    Question,
    analytic_log1p,
    enclose,
    question,
)
from gradcert_oracle.differences import _Step
from gradcert_oracle.quantities.hessian_vector_product import _RADIUS, _remainder

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
EACH_QUANTITY = pytest.mark.parametrize("quantity", PRODUCTS, ids=lambda one: one.name)
OF_VECTORS = (SOFTMAX_BACKWARD, LOG_SOFTMAX_BACKWARD, HESSIAN_VECTOR_PRODUCT)


def _rows(quantity: Quantity, z: tuple[float, ...], v: tuple[float, ...]) -> Question:
    """Return a question about these rows, with a target of one for the last class."""
    t = tuple(np.eye(len(z))[-1].tolist())
    rows = {"logits": z, "targets": t, "v": v}
    return Question(quantity, tuple(rows[name] for name in quantity.arguments), BINARY64)


@EACH_FORMAT
@EACH_QUANTITY
def test_an_enclosure_holds_the_closed_form_and_is_narrow(
    quantity: Quantity, format: Format
) -> None:
    rng = np.random.default_rng([format.precision, PRODUCTS.index(quantity)])
    for regime in REGIMES:
        for number in range(8):
            asked = draw(rng, quantity, format, regime, (1, 2, 3, 9)[number % 4])
            assert not [*violations(asked, closed_form)]


def test_a_row_of_hundreds_of_classes_is_held_too() -> None:
    for asked in drawn(10, seed=5, sizes=(200,)):
        assert not [*violations(asked, closed_form)]


def test_the_values_are_those_of_the_plain_definition() -> None:
    for asked in drawn(100, seed=3):
        sizes = [abs(x) for name in ("v", "targets") for x in asked[name]]
        width = max([1.0, *sizes]) * arb(2) ** -200
        for ball, difference in zip(enclose(asked), differences(asked), strict=True):
            assert ball.overlaps(difference), asked
            assert difference.rad() < width, asked


@EACH_FORMAT
@pytest.mark.parametrize("quantity", [SOFTMAX_BACKWARD, HESSIAN_VECTOR_PRODUCT])
@pytest.mark.parametrize("size", [-0.3, 1.0, 1e4, 2.0**-24, 1e-300])
def test_equal_v_give_zeros_that_are_narrow_in_the_absolute_sense(
    quantity: Quantity, format: Format, size: float
) -> None:
    v = (float(format.dtype.type(size)),) * 3
    for z in ((0.0, 1.0, -3.0), (2.0, -inf, 2.0), (5000.0, 0.0, 1.0)):
        asked = Question(quantity, _rows(quantity, z, v).rows, format)
        for ball in enclose(asked):
            assert ball.contains(0)
            assert ball.rad() <= format.smallest_subnormal * arb(2) ** -GUARD


@pytest.mark.parametrize("quantity", [SOFTMAX_BACKWARD, HESSIAN_VECTOR_PRODUCT])
def test_a_saturated_row_keeps_values_that_are_tiny(quantity: Quantity) -> None:
    """``o (1 - o)`` for the dominant class, and its negative, both near e^-60."""
    asked = _rows(quantity, (60.0, 0.0), (1.0, 0.0))
    own, other = enclose(asked)
    with ctx.workprec(200):
        tiny = arb(-60).exp() / (1 + arb(-60).exp()) ** 2
        assert abs(own / tiny - 1) < 2.0**-60
        assert abs(other / tiny + 1) < 2.0**-60


@pytest.mark.parametrize("quantity", [SOFTMAX_BACKWARD, HESSIAN_VECTOR_PRODUCT])
def test_what_v_is_where_a_logit_is_minus_infinity_plays_no_role(quantity: Quantity) -> None:
    z = (0.0, -inf, 1.0)
    first, second = (enclose(_rows(quantity, z, (1.0, x, -2.0))) for x in (0.0, 1e300))
    assert first[1].is_zero()
    assert second[1].is_zero()
    assert all(map(arb.overlaps, first, second))


def test_targets_that_cancel_leave_a_hessian_of_zero() -> None:
    asked = question("hvp", (0.0, 1.0), (0.5, -0.5), (1.0, 2.0), format=BINARY16)
    assert all(ball.is_zero() for ball in enclose(asked))


def test_huge_and_tiny_v_in_one_row_are_held() -> None:
    for z in ((0.0, 1.0, 2.0), (700.0, 0.0, 1.0)):
        for v in ((1e307, -1e307, 5e-324), (5e-324, -5e-324, 0.0), (1e300, 1e300, 1.0)):
            for quantity in OF_VECTORS:
                assert not [*violations(_rows(quantity, z, v), closed_form)]


@pytest.mark.parametrize("quantity", OF_VECTORS, ids=lambda one: one.name)
def test_the_product_is_linear_in_the_vector(quantity: Quantity) -> None:
    z, v = (0.5, 1.0, -2.0), (3.0, -0.25, 1.0)
    once, doubled = (enclose(_rows(quantity, z, tuple(x * y for y in v))) for x in (1.0, -2.0))
    assert all(map(arb.overlaps, map(arb(-2).__mul__, once), doubled))


def test_the_hessian_of_normalised_targets_is_the_jacobian_of_the_softmax() -> None:
    for asked in drawn(30, seed=4, quantities=(SOFTMAX_BACKWARD,)):
        of_hessian = _rows(HESSIAN_VECTOR_PRODUCT, *asked.rows)
        if asked["logits"][-1] > -inf:
            assert all(map(arb.overlaps, enclose(asked), enclose(of_hessian)))


def test_the_gradient_by_the_targets_is_the_negative_of_log_softmax() -> None:
    for asked in drawn(30, seed=4, quantities=(LOG_SOFTMAX,)):
        slopes = enclose(_rows(TARGET_GRADIENT, *asked.rows, v=()))
        assert all(map(arb.overlaps, enclose(asked), map(arb.__neg__, slopes)))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("softmax-backward", (0.0, 1.0), (1.0,)), "2 logits and 1 numbers v"),
        (("softmax-backward", (0.0, 1.0), (1.0, inf)), "v must be finite"),
        (("hvp", (0.0, 1.0), (1.0, 0.0), (1.0, inf)), "v must be finite"),
        (("hvp", (0.0, -inf), (0.0, 1.0), (1.0, 0.0)), "needs a target of zero"),
        (("log-softmax-backward", (0.0, -inf), (0.0, 1.0)), "needs a target of zero"),
        (("log-softmax", (0.0, -inf)), "logits must be finite"),
        (("dE/dt", (0.0, -inf), (1.0, 0.0)), "logits must be finite"),
    ],
    ids=str,
)
def test_a_row_outside_the_domain_is_refused(rows: tuple, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        enclose(question(*rows, format=BINARY64))


# The bounds of the remainders.


def test_what_bounds_the_share_on_the_disc_does_bound_it() -> None:
    """At points of the rim: ``|x / (1 + x)| <= p M(1)`` with ``x = p (e^s - 1)``."""
    rng = np.random.default_rng(0)
    with ctx.workprec(200):
        furthest = _Step.of_precision().furthest
        bound = (furthest / (1 + furthest)).abs_upper()
        for angle in rng.uniform(0, 2 * np.pi, 60):
            step = _Step._RADIUS * acb(0, float(angle)).exp()
            for p in (1e-9, 0.1, 0.5, 1.0):
                x = p * (step.exp() - 1)
                assert abs(x / (1 + x)) <= p * bound


def test_what_bounds_the_logarithm_on_the_bidisc_does_bound_it() -> None:
    """At points of both rims, of rows with shares and v of any size up to the width."""
    rng = np.random.default_rng(1)
    with ctx.workprec(200):
        step, width = arb(2) ** -100, arb(3)
        q = (step / _RADIUS) ** 2
        both = 1 / (1 - q) ** 2 - 1
        bound = _remainder(step, width).rad() * _RADIUS**2 / (width * both)
        for _ in range(200):
            n = int(rng.integers(1, 5))
            o = [arb(x) for x in rng.dirichlet(np.full(n, 0.3))]
            v = rng.choice([-3.0, 3.0, 0.0, rng.uniform(-3, 3)], n)
            r, s = (
                radius * acb(0, float(angle)).exp()
                for radius, angle in zip(
                    (_RADIUS / width, arb(_RADIUS)), rng.uniform(0, 2 * np.pi, 2), strict=True
                )
            )
            powers = [share * (r * float(x)).exp() for share, x in zip(o, v, strict=True)]
            whole = sum(powers, acb(0)) / sum(o, arb(0))
            for share, power in zip(o, powers, strict=True):
                psi = analytic_log1p(power / whole * (s.exp() - 1))
                assert abs(psi) <= share * bound


@EACH_QUANTITY
def test_the_time_is_linear_in_the_classes(quantity: Quantity) -> None:
    """Twice the classes need twice the instructions, for rows of distinct classes."""
    few, more, most = (
        instructions(partial(quantity.enclose, _rows(quantity, z, z[::-1]), GUARD))
        for z in (tuple(k / n for k in range(n)) for n in (50, 100, 200))
    )
    assert most - more == pytest.approx(2 * (more - few), rel=0.02)
