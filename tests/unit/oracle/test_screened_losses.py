"""The screen of losses with options and of rows with shares claims nothing that the oracle denies.

Hundreds of drawn rows are tried here. ``python tests/unit/screened_losses.py 10000`` tries more.
"""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from drawn_losses import rounded
from screened_losses import QUANTITIES, Rows, draw_rows, probes, violations

from gradcert_oracle import (
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    LOSS,
    REDUCED_LOSS,
    SOFTMAX,
    Format,
    Loss,
    Question,
    Share,
    enclose,
    screen,
)
from gradcert_oracle.wider import Array

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


@EACH_FORMAT
@pytest.mark.parametrize("factors", [(2, 43, 5, 1.5), (1.5, 9, 3, 100), (5, 665, 3, 1)])
def test_no_bound_counts_a_rounding_that_an_order_of_the_factors_does_not_have(
    format: Format, factors: tuple[float, int, float, float]
) -> None:
    # Equal logits have exact probabilities, so the factors are all that rounds.
    upstream, divisor, scaled, multiplier = factors
    loss = Loss(logit_scale=scaled, multiplier=multiplier, z_loss=0.25)
    share = Share(upstream=upstream, divisor=Fraction(divisor), z_divisor=Fraction(divisor))
    row = Question(GRADIENT, ((0.0, 0.0), (1.0, 0.0)), format, loss, share)
    assert not [*violations(Rows(GRADIENT, format, loss, [row]))]


@EACH_FORMAT
@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda x: f"{x.name}, {x.output}")
def test_its_reference_and_its_bounds_hold(quantity, format: Format) -> None:
    rng, near = np.random.default_rng(format.precision), []
    while len(near) < 32:
        drawn = draw_rows(rng, quantity, format)
        assert not [*violations(drawn)]
        near += probes(rng, drawn)
    assert not [wrong for _, wrong in near if wrong]
    assert any(accepted for accepted, _ in near)


@EACH_FORMAT
def test_it_accepts_nearly_every_row_of_a_right_gradient(format: Format) -> None:
    rng, rows, n = np.random.default_rng(1), 40, 50
    weights = tuple(rounded(rng.uniform(0.5, 2, n), format).tolist())
    loss = Loss(label_smoothing=0.1, class_weights=weights, multiplier=2.0)
    z, t = rounded(rng.normal(0, 3, (rows, n)), format), np.eye(n)[rng.integers(0, n, rows)]
    shares = [
        Share(upstream=float(x), divisor=Fraction(37))
        for x in rounded(rng.normal(size=rows), format)
    ]
    asked = [
        Question(GRADIENT, (tuple(a.tolist()), tuple(b.tolist())), format, loss, share)
        for a, b, share in zip(z, t, shares, strict=True)
    ]
    answer = np.array([list(map(float, enclose(one))) for one in asked]).astype(format.dtype)
    arguments = z.astype(format.dtype), t.astype(format.dtype)
    found = screen(GRADIENT, format, arguments, answer, loss=loss, shares=shares)
    assert found is not None
    assert found.accepted.mean() > 0.95
    wrong = screen(GRADIENT, format, arguments, answer, loss=loss, shares=shares[::-1])
    assert wrong is not None
    assert not wrong.accepted.any()


def test_a_row_that_does_not_count_is_accepted_if_it_is_zero() -> None:
    z = np.array([[nan, inf], [0.0, 0.0], [nan, 1.0], [0.0, 0.0]])
    t = np.array([[1.0, 0.0]] * 4)
    answer = np.array([[0.0, -0.0], [-0.5, 0.5], [0.0, 1e-300], [0.0, nan]])
    shares = [Share(kept=False), Share(), Share(kept=False), Share(kept=False)]
    found = screen(GRADIENT, BINARY64, (z, t), answer, shares=shares)
    assert found is not None
    assert found.accepted.tolist() == [True, True, False, False]
    losses = screen(LOSS, BINARY64, (z, t), np.array([0.0, np.log(2), 1.0, 0.0]), shares=shares)
    assert losses is not None
    assert losses.accepted.tolist() == [True, True, False, True]


OPTIONS = {
    "half": Loss(logit_scale=0.5),
    "scaled": Loss(logit_scale=0.7),
    "capped": Loss(softcap=30.0),
    "z-loss": Loss(z_loss=1e-4),
    "all": Loss(logit_scale=1.7, softcap=20.0, z_loss=0.1, label_smoothing=0.1, multiplier=3.0),
}
"""Losses of which every row went to the judge before."""

EACH_OPTION = pytest.mark.parametrize("loss", OPTIONS.values(), ids=OPTIONS)


def _gradient(loss: Loss, z: Array, t: Array) -> Array:
    """Return the gradient as a program computes it, in the dtype of its arguments."""
    number, n = z.dtype.type, z.shape[1]
    cap = number(loss.softcap)
    bent = np.tanh(z * number(loss.logit_scale) / cap) if loss.softcap < inf else np.zeros_like(z)
    u = cap * bent if loss.softcap < inf else z * number(loss.logit_scale)
    largest = u.max(axis=1, keepdims=True)
    powers = np.exp(u - largest)
    mass = powers.sum(axis=1, keepdims=True)
    kept, given = number(1 - loss.label_smoothing), number(loss.label_smoothing / n)
    a = t * kept + given
    whole = a.sum(axis=1, keepdims=True) + number(2 * loss.z_loss) * (largest + np.log(mass))
    front = number(loss.multiplier) * number(loss.logit_scale)
    gradient: Array = front * (whole * (powers / mass) - a) * ((1 - bent) * (1 + bent))
    return gradient


def _rows(format: Format, rows: int, classes: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(format.precision)
    z = rounded(rng.normal(0, 6, (rows, classes)), format).astype(format.dtype)
    return z, np.eye(classes)[rng.integers(classes, size=rows)].astype(format.dtype)


@EACH_FORMAT
@EACH_OPTION
def test_it_accepts_nearly_every_row_of_what_a_program_computes(loss: Loss, format: Format) -> None:
    z, t = _rows(format, 50, 40)
    wide = np.dtype(np.float32) if format.precision < 24 else format.dtype
    answer = _gradient(loss, z.astype(wide), t.astype(wide)).astype(format.dtype)
    found = screen(GRADIENT, format, (z, t), answer, loss=loss)
    assert found is not None
    assert found.accepted.mean() > 0.9
    other = Loss(logit_scale=0.9, softcap=loss.softcap)
    wrong = screen(GRADIENT, format, (z, t), answer, loss=other)
    assert wrong is not None
    assert not wrong.accepted.any()


@EACH_OPTION
def test_a_wide_row_is_screened_in_parts_as_the_judge_judges_it(loss: Loss) -> None:
    z, t = _rows(BINARY32, 1, 40_000)
    answer = _gradient(loss, z.astype(np.float64), t.astype(np.float64)).astype(np.float32)
    found = screen(GRADIENT, BINARY32, (z, t), answer, loss=loss)
    assert found is not None
    assert found.accepted.all()
    answer[0, 39_999] *= np.float32(1.001)
    found = screen(GRADIENT, BINARY32, (z, t), answer, loss=loss)
    assert found is not None
    assert not found.accepted.any()


def test_rows_whose_factor_is_zero_are_accepted_if_they_are_zero_and_in_the_domain() -> None:
    z = np.array([[0.0, 1.0], [0.0, 1.0], [nan, 1.0]])
    t = np.array([[1.0, 0.0]] * 3)
    answer = np.array([[0.0, -0.0], [0.0, 1e-300], [0.0, 0.0]])
    found = screen(GRADIENT, BINARY64, (z, t), answer, shares=[Share(upstream=0.0)] * 3)
    assert found is not None
    assert found.accepted.tolist() == [True, False, False]


def test_a_huge_upstream_gradient_has_a_screen() -> None:
    z, t = np.array([[0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    answer = np.array([[-2.0, 1.0, 1.0]]) * (2.0**1017 / 3)
    for factor, accepted in ((1, True), (1 + 2.0**-40, False)):
        found = screen(
            GRADIENT, BINARY64, (z, t), answer * factor, shares=[Share(upstream=2.0**1017)]
        )
        assert found is not None
        assert found.accepted.tolist() == [accepted]


@EACH_FORMAT
def test_the_value_of_a_batch_is_accepted_where_it_is_right(format: Format) -> None:
    loss = Loss(label_smoothing=0.1, z_loss=1e-3)
    z, t = _rows(format, 30, 20)
    shares = [
        Share(divisor=Fraction(20), z_divisor=Fraction(20), kept=row % 3 < 2) for row in range(30)
    ]
    rows = zip(z.astype(float).tolist(), t.astype(float).tolist(), shares, strict=True)
    parts = [Question(LOSS, (tuple(a), tuple(b)), format, loss, share) for a, b, share in rows]
    asked = Question(REDUCED_LOSS, (), format, loss, parts=tuple(parts))
    z[2] = nan  # The row does not count.
    value = np.array([float(enclose(asked)[0])])
    for factor, accepted in ((1, True), (1 + 2.0 ** (5 - format.precision), False)):
        answer = (value * factor).astype(format.dtype)
        found = screen(REDUCED_LOSS, format, (z, t), answer, loss=loss, shares=shares)
        assert found is not None
        assert found.accepted.tolist() == [accepted]
    z[0] = nan
    found = screen(
        REDUCED_LOSS, format, (z, t), value.astype(format.dtype), loss=loss, shares=shares
    )
    assert found is not None
    assert not found.accepted.any()


def test_an_extreme_scale_or_softcap_has_no_screen() -> None:
    z, t = np.zeros((1, 2)), np.array([[1.0, 0.0]])
    answer = np.array([[-0.5, 0.5]])
    for loss in (Loss(logit_scale=2.0**30), Loss(softcap=2.0**-30), Loss(label_smoothing=0.9)):
        assert screen(GRADIENT, BINARY64, (z, t), answer, loss=loss) is None
    assert screen(SOFTMAX, BINARY64, (z,), answer, shares=[Share(upstream=2.0)]) is None
    assert screen(GRADIENT, BINARY64, (z, t), answer, shares=[Share()]) is not None
