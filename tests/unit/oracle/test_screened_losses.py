"""The screen of losses with options and of rows with shares claims nothing that the oracle denies.

Hundreds of drawn rows are tried here. ``python tests/unit/screened_losses.py 10000`` tries more.
"""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from drawn_losses import rounded
from screened_losses import QUANTITIES, draw_rows, probes, violations

from gradcert_oracle import (
    BINARY64,
    FORMATS,
    GRADIENT,
    LOSS,
    SOFTMAX,
    Format,
    Loss,
    Question,
    Share,
    enclose,
    screen,
)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


@EACH_FORMAT
@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda x: f"{x.name}, {x.output}")
def test_its_reference_and_its_bounds_hold(quantity, format: Format) -> None:
    rng, near = np.random.default_rng(format.precision), []
    for _ in range(4):
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


def test_scaled_and_capped_logits_and_a_z_loss_have_no_screen() -> None:
    z, t = np.zeros((1, 2)), np.array([[1.0, 0.0]])
    answer = np.array([[-0.5, 0.5]])
    for loss in (Loss(logit_scale=2.0), Loss(softcap=30.0), Loss(z_loss=0.1)):
        assert screen(GRADIENT, BINARY64, (z, t), answer, loss=loss) is None
    assert screen(SOFTMAX, BINARY64, (z,), answer, shares=[Share(upstream=2.0)]) is None
    assert screen(GRADIENT, BINARY64, (z, t), answer, shares=[Share()]) is not None
