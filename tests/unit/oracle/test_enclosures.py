"""Every enclosure contains the closed form, and is narrow, on 10,000 rows of every regime.

The closed forms are the textbook's, evaluated by mpmath with nothing that cancels: the sum of the
others is added up, never subtracted. Widths are measured here too, from the limits that numpy and
ml_dtypes publish.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf, log

import ml_dtypes
import numpy as np
import pytest
from flint import arb
from mpmath import libmp, mp, mpf
from numpy.random import Generator

from gradcert_oracle import (
    FORMATS,
    GUARD,
    Format,
    Question,
    enclose,
    question,
)

Row = tuple[float, ...]

ROWS = 250
"""Rows for each regime. Ten regimes and four formats make 10,000."""

BITS = {"binary64": 2600, "binary32": 700, "binary16": 200, "bfloat16": 600}
"""Precision of the closed forms: far below the smallest subnormal number, 2^-1074 in binary64."""

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


# The truth.


@dataclass(frozen=True)
class Truth:
    """A closed form's value, and a bound of what evaluating it here can have lost."""

    value: mpf
    error: mpf


def _truth(value: mpf, *terms: mpf) -> Truth:
    """Return the sum `value` of `terms`, each of which took far fewer than 2^24 operations."""
    return Truth(value, mp.ldexp(sum(abs(term) for term in terms), 24 - mp.prec))


def _sums_of_others(terms: Sequence[mpf]) -> list[mpf]:
    before = [mpf(0), *accumulate(terms)]
    after = [mpf(0), *accumulate(reversed(terms))]
    return [low + high for low, high in zip(before[:-1], after[-2::-1], strict=True)]


def _closed_forms(z: Row, t: Row, *, jacobian: bool) -> dict[str, list[Truth]]:
    """Return every quantity that logits have; ``-ln o_j`` is ``ln(1 + R_j / exp(z_j))``."""
    largest = mpf(max(z))
    powers = [mp.exp(mpf(x) - largest) if x > -inf else mpf(0) for x in z]
    rests = _sums_of_others(powers)
    total = mp.fsum(powers)
    o = [power / total for power in powers]
    others = [rest / total for rest in rests]
    targets = [mpf(x) for x in t]
    other_targets = _sums_of_others(targets)
    surprises = [
        target * mp.log1p(rest / power)
        for target, rest, power in zip(targets, rests, powers, strict=True)
        if target
    ]
    rows = zip(o, others, targets, other_targets, strict=True)
    products = [(o_j * t_rest, -t_j * o_rest) for o_j, o_rest, t_j, t_rest in rows]
    forms = {
        "softmax": [_truth(o_j, o_j) for o_j in o],
        "loss": [_truth(mp.fsum(surprises), *surprises)],
        "dE/dz": [_truth(gained + lost, gained, lost) for gained, lost in products],
    }
    if jacobian:
        entries = [
            o_i * others[i] if i == j else -o_i * o_j
            for i, o_i in enumerate(o)
            for j, o_j in enumerate(o)
        ]
        forms["do/dz"] = [_truth(entry, entry) for entry in entries]
    return forms


def _slopes_by_probability(o: Row, t: Row) -> list[Truth]:
    slopes = [-mpf(target) / mpf(x) for x, target in zip(o, t, strict=True)]
    return [_truth(slope, slope) for slope in slopes]


# The comparison.


def _exactly(x: arb) -> mpf:
    mantissa, exponent = x.man_exp()
    return mp.make_mpf(libmp.from_man_exp(int(mantissa), int(exponent)))


def _ulp(value: mpf, format: Format) -> mpf:
    """Return one ulp at `value`, from the limits the dtype's own package publishes."""
    limits = ml_dtypes.finfo(format.dtype)
    leading = mp.mag(value) - 1 if value else limits.minexp
    return mp.ldexp(1, max(leading, int(limits.minexp)) - int(limits.nmant))


def _assert_held_and_narrow(
    balls: Sequence[arb], truths: Sequence[Truth], format: Format, case: str
) -> None:
    assert len(balls) == len(truths), case
    for index, (ball, truth) in enumerate(zip(balls, truths, strict=True)):
        where = f"value {index} of {case}"
        assert ball.is_finite(), where
        width = mp.ldexp(_ulp(truth.value, format), -GUARD)
        assert truth.error < mp.ldexp(width, -64), f"{where}: the closed form is not sharp"
        radius = _exactly(ball.rad())
        assert abs(_exactly(ball.mid()) - truth.value) <= radius + truth.error, where
        assert 2 * radius < width, where


def _question(quantity: str, z: Row, t: Row, format: Format) -> Question:
    """Return the question of a row of logits, with targets if the quantity takes them."""
    return question(quantity, z, *((t,) if quantity in ("loss", "dE/dz") else ()), format=format)


def _assert_logit_quantities(z: Row, t: Row, format: Format, *, jacobian: bool) -> None:
    with mp.workprec(BITS[format.name]):
        for quantity, truths in _closed_forms(z, t, jacobian=jacobian).items():
            balls = enclose(_question(quantity, z, t, format))
            _assert_held_and_narrow(balls, truths, format, f"{quantity} at {z}, {t}")


# The rows.


def _benign(rng: Generator, _: Format, n: int) -> np.ndarray:
    return rng.normal(0, 4, n)


def _confident(rng: Generator, _: Format, n: int) -> np.ndarray:
    """One class has a probability within 1e-1 to 1e-15 of one."""
    logits = rng.uniform(-1, 0, n)
    logits[rng.integers(n)] = rng.uniform(1, 15) * log(10) + log(max(n - 1, 1))
    return logits


def _saturated(rng: Generator, _: Format, n: int) -> np.ndarray:
    logits = rng.uniform(-1, 1, n)
    logits[rng.integers(n)] = 10 ** rng.uniform(1.5, 4) * rng.choice((-1, 1))
    return logits


def _tied(rng: Generator, _: Format, n: int) -> np.ndarray:
    return np.full(n, rng.normal(0, 4))


def _partly_tied(rng: Generator, _: Format, n: int) -> np.ndarray:
    return rng.choice(rng.normal(0, 4, 2), n)


def _offset(rng: Generator, _: Format, n: int) -> np.ndarray:
    return rng.normal(0, 4, n) + rng.uniform(-1e4, 1e4)


def _spread(rng: Generator, _: Format, n: int) -> np.ndarray:
    return rng.uniform(-1, 1, n) * 10 ** rng.uniform(1, 4)


def _masked(rng: Generator, _: Format, n: int) -> np.ndarray:
    logits = rng.normal(0, 4, n)
    logits[rng.random(n) < 0.5] = -inf
    logits[rng.integers(n)] = rng.normal(0, 4)
    return logits


def _masked_and_saturated(rng: Generator, format: Format, n: int) -> np.ndarray:
    logits = _saturated(rng, format, n)
    logits[(rng.random(n) < 0.3) & (logits < logits.max())] = -inf
    return logits


def _subnormal(rng: Generator, format: Format, n: int) -> np.ndarray:
    """All probabilities but one are subnormal numbers."""
    logits = rng.uniform(log(format.smallest_subnormal), log(format.smallest_normal), n)
    logits[rng.integers(n)] = 0
    return logits


REGIMES: dict[str, Callable[[Generator, Format, int], np.ndarray]] = {
    "benign": _benign,
    "confident": _confident,
    "saturated": _saturated,
    "tied": _tied,
    "partly tied": _partly_tied,
    "offset": _offset,
    "spread": _spread,
    "masked": _masked,
    "masked and saturated": _masked_and_saturated,
    "subnormal": _subnormal,
}


def _targets(rng: Generator, z: np.ndarray, format: Format) -> np.ndarray:
    """Return targets of one of seven kinds.

    One-hot, on the largest logit or anywhere; dyadic fractions that sum to one; numbers of either
    sign; numbers whose sum is zero or all but zero; huge ones of either sign; or all but the
    probabilities themselves, so that the gradient nearly cancels.
    """
    allowed = np.flatnonzero(z > -inf)
    targets = np.zeros(len(z))
    kind = rng.integers(7)
    if kind == 0:
        targets[np.argmax(z)] = 1
    elif kind == 1:
        targets[rng.choice(allowed)] = 1
    elif kind == 2:
        whole = 1 << int(rng.integers(0, min(format.precision, 20)))
        cuts = np.sort(rng.integers(0, whole, len(allowed) - 1, endpoint=True))
        targets[allowed] = np.diff([0, *cuts, whole]) / whole
    elif kind == 3:
        targets[allowed] = rng.normal(1, 2, len(allowed))
    elif kind == 4:
        targets[allowed] = rng.normal(0, 2, len(allowed)) * 2.0 ** -rng.integers(0, 30)
        targets[allowed] -= np.roll(targets[allowed], 1)
    elif kind == 5:
        targets[allowed] = rng.uniform(-1, 1, len(allowed)) * (format.max / (4 * len(z)))
    else:
        powers = np.exp(z - z.max())
        targets = powers / powers.sum() * (1 + 2 ** rng.uniform(-50, -4, len(z)))
    return targets


def _row(rng: Generator, format: Format, regime: str, n: int) -> tuple[Row, Row]:
    """Draw one row, rounded to the format; a tied row's targets are tied as well."""
    z = REGIMES[regime](rng, format, n).astype(format.dtype).astype(np.float64)
    t = np.full(n, rng.integers(1, 8) / 8) if regime == "tied" else _targets(rng, z, format)
    t = t.astype(format.dtype).astype(np.float64)
    return tuple(z.tolist()), tuple(t.tolist())


def _rows(format: Format, regime: str) -> Iterator[tuple[Row, Row]]:
    rng = np.random.default_rng([list(FORMATS).index(format.name), list(REGIMES).index(regime)])
    for number in range(ROWS):
        yield _row(rng, format, regime, (1, 2, 3, 2, 3, 2, 4, 2, 3, 9)[number % 10])


# The claims.


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_an_enclosure_holds_the_closed_form_and_is_narrow(format: Format, regime: str) -> None:
    for z, t in _rows(format, regime):
        _assert_logit_quantities(z, t, format, jacobian=len(z) <= 3)


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_an_enclosure_of_the_slope_by_probability_does_too(format: Format, regime: str) -> None:
    for z, t in _rows(format, regime):
        powers = np.exp(np.array(z) - max(z))
        rounded = (powers / powers.sum()).astype(format.dtype).astype(np.float64)
        o = tuple(rounded.clip(min=format.smallest_subnormal).tolist())
        with mp.workprec(BITS[format.name]):
            balls = enclose(question("dE/do", o, t, format=format))
            _assert_held_and_narrow(balls, _slopes_by_probability(o, t), format, f"{o}, {t}")


@EACH_FORMAT
@pytest.mark.parametrize("regime", REGIMES)
def test_a_thousand_classes_are_held_as_narrowly(format: Format, regime: str) -> None:
    rng = np.random.default_rng([7, list(REGIMES).index(regime)])
    z, t = _row(rng, format, regime, int(rng.integers(1000, 1050)))
    _assert_logit_quantities(z, t, format, jacobian=False)


@EACH_FORMAT
def test_tied_rows_have_a_gradient_of_exactly_zero(format: Format) -> None:
    for z, t in _rows(format, "tied"):
        assert len(set(z)) == len(set(t)) == 1
        assert all(slope.contains(0) for slope in enclose(_question("dE/dz", z, t, format)))


@EACH_FORMAT
def test_subnormal_rows_have_subnormal_probabilities(format: Format) -> None:
    probabilities = [
        float(o_j)
        for z, _ in _rows(format, "subnormal")
        for o_j in enclose(_question("softmax", z, (), format))
    ]
    assert sum(0 < o_j < format.smallest_normal for o_j in probabilities) > ROWS


@EACH_FORMAT
@pytest.mark.parametrize(
    "signs",
    [(1, -1), (1, 1), (-1, -1), (1,), (-1,), (1, 0, -1), (-1, -inf), (1, -inf, -1, 0), (0, -1)],
    ids=str,
)
def test_the_largest_finite_logits_are_held_as_narrowly(format: Format, signs: Row) -> None:
    limit = float(ml_dtypes.finfo(format.dtype).max)
    z = tuple(sign * limit if sign else 0.0 for sign in signs)
    for index, logit in enumerate(z):
        if logit > -inf:
            t = tuple(1.0 if j == index else 0.0 for j in range(len(z)))
            _assert_logit_quantities(z, t, format, jacobian=True)


@EACH_FORMAT
def test_targets_that_are_all_zero_leave_nothing(format: Format) -> None:
    z, t = (1.0, -2.0, -inf), (0.0, 0.0, 0.0)
    for quantity in ("loss", "dE/dz"):
        assert all(ball == 0 for ball in enclose(_question(quantity, z, t, format)))
