"""Rescaled logits are as accurate as they say, and the textbook's balls are as wide."""

from math import inf

import numpy as np
import pytest
from flint import arb, ctx

from gradcert_oracle import Loss
from gradcert_oracle.options_textbook import steepness
from gradcert_oracle.rescaled_logits import RescaledLogits, Rescaling
from gradcert_oracle.textbook import points, rounding
from gradcert_oracle.wider import PAIRED, PLAIN, Array, Wider

BOTH = pytest.mark.parametrize("wider", [PLAIN, PAIRED], ids=["plain", "paired"])

RESCALINGS = pytest.mark.parametrize(
    ("scale", "softcap"),
    [(0.5, inf), (0.75, inf), (0.7, inf), (1.0, 30.0), (1.7, 5.0), (0.07, 0.3), (3.0, 1000.0)],
)

_NEARLY = 1 - 2.0**-20


def _rows(wider: Wider) -> Array:
    rng = np.random.default_rng(wider.serves)
    dtype = np.float64 if wider.paired else np.float32
    sizes = np.array([1, 3, 30, 300, 3000])[:, None]
    return (rng.normal(size=(5, 40)) * sizes).astype(dtype).astype(np.float64)


def _true(loss: Loss, z: float) -> arb:
    scaled = z * arb(loss.logit_scale)
    return scaled if loss.softcap == inf else loss.softcap * (scaled / loss.softcap).tanh()


@BOTH
@RESCALINGS
def test_its_differences_keep_their_bounds(wider: Wider, scale: float, softcap: float) -> None:
    z, loss = _rows(wider), Loss(logit_scale=scale, softcap=softcap)
    found = Rescaling(scale, softcap).apply(z, wider)
    tails = np.broadcast_to(found.differences.tail, z.shape)
    with ctx.workprec(300):
        for row in range(len(z)):
            largest = _true(loss, float(z[row].max()))
            for j, x in enumerate(z[row].tolist()):
                difference = _true(loss, x) - largest
                if difference > -746:
                    off = found.differences.head[row, j] + arb(tails[row, j]) - difference
                    assert abs(off) <= found.error + arb(2) ** -290


def _inside(ball: arb, middle: arb, half: float) -> bool:
    return bool(ball.contains(middle - half) and ball.contains(middle + half))


def _check_balls(found: RescaledLogits, loss: Loss, z: Array, bits: int) -> None:
    for row in range(len(z)):
        logits = z[row].tolist()
        with ctx.workprec(bits):
            rescaled, unit = points(loss, logits, arb(0)), rounding()
            largest = rescaled[logits.index(max(logits))].mid()
            exponents = [(u - largest) * (unit * unit) for u in rescaled]
            slopes = steepness(loss, logits, rescaled, arb(0)) if found.bend is not None else []
        with ctx.workprec(300):
            assert abs(largest - _true(loss, max(logits))) <= found.loose[row]
            for j, x in enumerate(logits):
                half = float(found.moves[row, j]) * 2.0**-bits * _NEARLY
                if found.differences.head[row, j] > -746:
                    assert exponents[j].contains(_true(loss, x) - largest)
                    assert exponents[j].rad() >= half
                if found.bend is not None:
                    slope = 1 / (arb(loss.logit_scale) * x / loss.softcap).cosh() ** 2
                    assert _inside(slopes[j], slope, found.bend[row, j] * 2.0**-bits * _NEARLY)


@BOTH
@RESCALINGS
def test_the_balls_of_a_textbook_are_as_wide_as_it_says(
    wider: Wider, scale: float, softcap: float
) -> None:
    z, loss = _rows(wider), Loss(logit_scale=scale, softcap=softcap)
    found = Rescaling(scale, softcap).apply(z, wider)
    _check_balls(found, loss, z, wider.serves)


def test_a_product_that_is_exact_adds_nothing_to_an_exponent() -> None:
    z = np.array([[3.0, 1.0]])
    moves = [Rescaling(scale).apply(z, PLAIN).moves[0, 1] for scale in (0.5, 0.7)]
    assert moves[0] < 2 < moves[1] < 3.5


def test_a_masked_logit_stays_masked() -> None:
    for wider in (PLAIN, PAIRED):
        with np.errstate(invalid="ignore"):
            found = Rescaling(0.7).apply(np.array([[1.0, -inf]]), wider)
        assert found.differences.head[0].tolist() == [0, -inf]
        assert not np.isnan(found.differences.tail).any()
        assert np.isfinite(found.moves).all()
