"""Enclosures of backwards from stored values hold closed forms and the plain definition."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from drawn_losses import Truth, rounded, truth, violations
from drawn_products import KINDS, closed_form, differences, draw_vector
from flint import arb, ctx
from mpmath import mpf

from gradcert_oracle import (
    FORMATS,
    LOG_SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS,
    SOFTMAX_BACKWARD_OF_OUTPUTS,
    Format,
    Question,
    central_differences,
    enclose,
)
from gradcert_oracle.differences import Scalar

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


def _outputs(rng: np.random.Generator, format: Format, n: int) -> np.ndarray:
    """Draw shares of few bits or of many, some of them zero, whose sum is exactly one."""
    units = 1 << int(rng.integers(3, format.precision + 1))
    cuts = np.sort(rng.integers(0, units + 1, n - 1))
    return np.diff(np.concatenate([[0], cuts, [units]])) / units


def _of_outputs(seed: int, format: Format, count: int) -> Iterator[Question]:
    rng = np.random.default_rng([seed, format.precision])
    for number in range(count):
        n = (1, 2, 3, 9)[number % 4]
        v = rounded(
            draw_vector(rng, format, KINDS[number % len(KINDS)], n, format.max / 16), format
        )
        rows = tuple(_outputs(rng, format, n).tolist()), tuple(v.tolist())
        yield Question(SOFTMAX_BACKWARD_OF_OUTPUTS, rows, format)


def _of_logarithms(seed: int, format: Format, count: int) -> Iterator[Question]:
    for asked in _of_outputs(seed, format, count):
        y = np.array(asked["outputs"])
        logarithms = rounded(np.log(np.where(y > 0, y, 1e-9)), format)
        rows = tuple(logarithms.tolist()), asked["v"]
        yield Question(LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS, rows, format)


def _from_outputs(asked: Question) -> list[Truth]:
    y, v = (list(map(mpf, asked[name])) for name in ("outputs", "v"))
    return [
        truth([y_j * v_j, *(-y_j * y_k * v_k for y_k, v_k in zip(y, v, strict=True))])
        for y_j, v_j in zip(y, v, strict=True)
    ]


def _of_logits(asked: Question) -> Question:
    """Return the question about the log-probabilities as logits."""
    rows = asked["log-probabilities"], asked["v"]
    return Question(LOG_SOFTMAX_BACKWARD, rows, asked.format)


@EACH_FORMAT
def test_an_enclosure_from_outputs_holds_the_closed_form_and_is_narrow(format: Format) -> None:
    for asked in _of_outputs(1, format, 64):
        assert not [*violations(asked, _from_outputs)]


@EACH_FORMAT
def test_an_enclosure_from_log_probabilities_holds_the_closed_form(format: Format) -> None:
    for asked in _of_logarithms(2, format, 64):
        assert not [*violations(asked, lambda asked: closed_form(_of_logits(asked)))]


def _slope(y: Sequence[float], v: Sequence[float], j: int) -> arb:
    """Return the derivative of ``sum_k v_k o_k`` by the j-th logit, from its definition."""

    def mean(s: Scalar) -> list[Scalar]:
        powers = [arb(share) * (s.exp() if k == j else 1) for k, share in enumerate(y)]
        total = sum(powers, arb(0))
        return [sum((x * power for x, power in zip(v, powers, strict=True)), arb(0)) / total]

    with ctx.workprec(1200):
        (slope,) = central_differences(mean, radius=2.0**-6)
    return slope


@EACH_FORMAT
def test_the_values_from_outputs_are_those_of_the_plain_definition(format: Format) -> None:
    for asked in _of_outputs(3, format, 24):
        y, v = asked["outputs"], asked["v"]
        for j, ball in enumerate(enclose(asked)):
            assert ball.overlaps(_slope(y, v, j)), asked


@EACH_FORMAT
def test_the_values_from_log_probabilities_are_those_of_the_plain_definition(
    format: Format,
) -> None:
    for asked in _of_logarithms(4, format, 24):
        by_definition = differences(_of_logits(asked))
        assert all(map(arb.overlaps, enclose(asked), by_definition)), asked
