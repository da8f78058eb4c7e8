"""Rows of losses with options, and what the oracle says of them beside mpmath and the definition.

The tests try a few hundred. To try many: ``python tests/unit/drawn_losses.py 10000``.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, log2

import numpy as np
from flint import arb, ctx
from mpmath import libmp, mp, mpf
from numpy.random import Generator

from gradcert_oracle import (
    FORMATS,
    GRADIENT,
    GUARD,
    LOSS,
    Format,
    Loss,
    Question,
    Row,
    Share,
    SmoothingOver,
    analytic_log,
    central_differences,
    enclose,
)
from gradcert_oracle.differences import Scalar

# The plain definition.


def definition(z: Sequence[Scalar], t: Row, loss: Loss, share: Share) -> Scalar:
    """Return ``F = M g (C / D + zeta L^2 / D_z)`` of one row, over its finite logits."""
    n, s, c = len(t), arb(loss.logit_scale), loss.softcap
    e = arb(loss.label_smoothing)
    if e != 0 and loss.smoothing_over == SmoothingOver.OTHERS:
        e = e * n / (n - 1)
    weights = loss.class_weights or (1.0,) * n
    a = [w * ((1 - e) * x + e / n) for w, x in zip(weights, t, strict=True)]
    u = [s * x if c == inf else c * (s * x / c).tanh() for x in z]
    powers = [x.exp() for x, logit in zip(u, z, strict=True) if logit.real > -inf]
    log_sum = analytic_log(sum(powers[1:], powers[0]))
    terms = [x * (log_sum - y) for x, y in zip(a, u, strict=True) if not x.is_zero()]
    entropy = sum(terms, arb(0)) * share.divisor.denominator / share.divisor.numerator
    square = arb(loss.z_loss) * log_sum * log_sum
    square = square * share.z_divisor.denominator / share.z_divisor.numerator
    return arb(loss.multiplier) * share.upstream * (entropy + square)


def differences(asked: Question, bits: int = 1200) -> list[arb]:
    """Return the central difference of the plain definition along each logit; zero along -inf."""
    z, t, loss = asked["logits"], asked["targets"], asked.loss
    slopes = []
    for j, logit in enumerate(z):

        def along(step: Scalar, j: int = j) -> list[Scalar]:
            moved = [x + step if k == j else x for k, x in enumerate(map(arb, z))]
            return [definition(moved, t, loss, asked.share)]

        radius = 2.0**-6 * min(1.0, loss.softcap) / loss.logit_scale
        with ctx.workprec(bits):
            slopes += central_differences(along, radius=radius) if logit > -inf else [arb(0)]
    return slopes


# The closed form, in mpmath.


@dataclass(frozen=True)
class Truth:
    """A closed form's value, and a bound of what its evaluation can have lost."""

    value: mpf
    error: mpf


def truth(terms: Sequence[mpf]) -> Truth:
    """Return the sum of terms, each of which is known to its own size."""
    size = mp.fsum(map(abs, terms))
    return Truth(mp.fsum(terms), mp.ldexp(size, 40 - mp.prec))


def _fraction(number: Fraction) -> mpf:
    return mpf(number.numerator) / number.denominator


def closed_form(asked: Question) -> list[Truth]:
    """Return the values of a question about a gradient or a loss."""
    z, t, loss, share = asked["logits"], asked["targets"], asked.loss, asked.share
    n, s, c = len(z), mpf(loss.logit_scale), loss.softcap
    e = mpf(loss.label_smoothing)
    if loss.smoothing_over == SmoothingOver.OTHERS and n > 1:
        e = e * n / (n - 1)
    weights = loss.class_weights or (1.0,) * n
    a = [w * ((1 - e) * mpf(x) + e / n) for w, x in zip(weights, t, strict=True)]
    u = [s * mpf(x) if c == inf else c * mp.tanh(s * mpf(x) / c) for x in z]
    largest = max(u)
    powers = [mp.exp(x - largest) if x > -inf else mpf(0) for x in u]
    mass = mp.fsum(powers)
    log_sum = largest + mp.log(mass)
    entropy, square = 1 / _fraction(share.divisor), mpf(loss.z_loss) / _fraction(share.z_divisor)
    front = mpf(loss.multiplier)
    if asked.quantity is LOSS:
        # L - u_k is ln(1 + R), with R the sum of all others beside exp(u_k): nothing cancels.
        terms = [
            x * entropy * mp.log1p(mp.fsum(mp.exp(v - u[k]) for i, v in enumerate(u) if i != k))
            for k, x in enumerate(a)
            if x
        ]
        return [truth([front * x for x in (*terms, square * log_sum**2)])]
    front *= mpf(share.upstream) * s
    total, values = mp.fsum(a), []
    for logit, x, power in zip(z, a, powers, strict=True):
        steep = 1 if c == inf else mp.sech(s * mpf(logit) / c) ** 2
        p = power / mass
        parts = total * entropy * p, 2 * square * log_sum * p, -x * entropy
        values.append(truth([front * steep * part for part in parts]))
    return values


def _exactly(x: arb) -> mpf:
    mantissa, exponent = x.man_exp()
    return mp.make_mpf(libmp.from_man_exp(int(mantissa), int(exponent)))


def _ulp(value: mpf, format: Format) -> mpf:
    lowest = round(log2(format.smallest_normal))
    leading = max(mp.mag(value) - 1 if value else lowest, lowest)
    return mp.ldexp(1, leading + 1 - format.precision)


def violations(
    asked: Question, closed_form: Callable[[Question], list[Truth]] = closed_form
) -> Iterator[str]:
    """Yield where an enclosure does not hold the closed form, or is not narrow."""
    balls = enclose(asked)
    with mp.workprec(6000):
        truths = closed_form(asked)
        assert len(balls) == len(truths)
        for index, (ball, true) in enumerate(zip(balls, truths, strict=True)):
            width = mp.ldexp(_ulp(true.value, asked.format), -GUARD)
            assert true.error < mp.ldexp(width, -64), f"the closed form of {asked} is not sharp"
            where = f"value {index} of {asked}, {asked.loss}, {asked.share}"
            if not ball.is_finite() or 2 * _exactly(ball.rad()) >= width:
                yield f"{where}: {ball} is not narrow"
            elif abs(_exactly(ball.mid()) - true.value) > _exactly(ball.rad()) + true.error:
                yield f"{where}: {ball} is not {mp.nstr(true.value, 20)}"


# The rows.


def _leading(rng: Generator, n: int, gap: float) -> np.ndarray:
    logits = rng.uniform(-1, 0, n)
    logits[rng.integers(n)] = gap
    return logits


REGIMES: dict[str, Callable[[Generator, int], np.ndarray]] = {
    "benign": lambda rng, n: rng.normal(0, 3, n),
    "tied": lambda rng, n: rng.choice(rng.normal(0, 3, 2), n),
    "confident": lambda rng, n: _leading(rng, n, rng.uniform(2, 35)),
    "saturated": lambda rng, n: _leading(rng, n, 10 ** rng.uniform(1.5, 4) * rng.choice([-1, 1])),
    "offset": lambda rng, n: rng.normal(0, 3, n) + rng.uniform(-200, 200),
    "spread": lambda rng, n: rng.uniform(-1, 1, n) * 10 ** rng.uniform(1, 4),
    "tiny": lambda rng, n: rng.uniform(-1, 1, n) * 2.0 ** -rng.integers(0, 14),
}
"""How the logits of a row are drawn."""


def rounded(numbers: np.ndarray, format: Format) -> np.ndarray:
    """Return numbers rounded to a format."""
    return numbers.astype(format.dtype).astype(np.float64)


def _targets(rng: Generator, n: int, allowed: np.ndarray) -> np.ndarray:
    t = np.zeros(n)
    kind = rng.integers(4)
    if kind == 0:
        t[allowed] = rng.dirichlet(np.ones(len(allowed)))
    elif kind == 1:
        t[allowed] = rng.uniform(-2, 2, len(allowed))
    else:
        t[rng.choice(allowed)] = 1
    return t


def draw_loss(rng: Generator, format: Format, n: int) -> Loss:
    """Draw a loss: each of its options is on in half of the cases."""

    def one_of(numbers: Sequence[float], off: float) -> float:
        return float(rng.choice(numbers)) if rng.random() < 0.5 else off

    weights = None
    if rng.random() < 0.5:
        drawn = rng.choice([0, 1, 1, 1, 1], n) * 2.0 ** rng.uniform(-3, 3, n)
        # Some are no numbers of the format.
        weights = tuple((drawn if rng.random() < 0.3 else rounded(drawn, format)).tolist())
    over = SmoothingOver.OTHERS if n > 1 and rng.random() < 0.3 else SmoothingOver.ALL
    return Loss(
        label_smoothing=one_of([0.1, 0.2, 0.05, 0.9, 2.0**-12], 0.0),
        smoothing_over=over,
        class_weights=weights,
        logit_scale=one_of([0.5, 2.0, 0.125, 1.7, 0.07], 1.0),
        softcap=one_of([30.0, 50.0, 5.0, 1.0, 0.3, 1000.0], inf),
        z_loss=one_of([1e-4, 1e-3, 0.1, 1.0], 0.0),
        multiplier=one_of([4.0, 0.3, -1.0, 20.0], 1.0),
    )


def draw_share(rng: Generator, format: Format) -> Share:
    """Draw what a row counts: upstream gradients of any size and sign, and divisors."""
    widest = log2(format.max)
    exponent = rng.choice(
        [0, rng.uniform(-3, 3), rng.uniform(-0.9, 0.8) * widest], p=[0.5, 0.3, 0.2]
    )
    upstream = np.array(rng.choice([1, -1]) * 2.0**exponent * (rng.random() > 0.03))
    divisors = [Fraction(int(x)) for x in (1, rng.integers(1, 64), rng.integers(1, 70000))]
    divisor, z_divisor = (divisors[int(rng.integers(3))] for _ in range(2))
    if rng.random() < 0.2:
        divisor = Fraction(float(rounded(np.array(rng.uniform(0.1, 9)), format)))
    return Share(upstream=float(rounded(upstream, format)), divisor=divisor, z_divisor=z_divisor)


def draw(rng: Generator, format: Format, regime: str, n: int, loss: Loss | None = None) -> Question:
    """Draw a question about the gradient of a row of n classes."""
    loss = draw_loss(rng, format, n) if loss is None else loss
    z = REGIMES[regime](rng, n).clip(-1e4, 1e4)
    allowed = np.ones(n, bool)
    if loss.softcap == inf and not loss.label_smoothing and n > 1 and rng.random() < 0.2:
        allowed = rng.random(n) < 0.6
        allowed[rng.integers(n)] = True
    z[~allowed] = -inf
    t = rounded(_targets(rng, n, np.flatnonzero(allowed)), format)
    rows = tuple(rounded(z, format).tolist()), tuple(t.tolist())
    return Question(GRADIENT, rows, format, loss, draw_share(rng, format))


def drawn(
    count: int, seed: int, sizes: Sequence[int] = (1, 2, 3, 2, 5, 3, 9)
) -> Iterator[Question]:
    """Yield questions about gradients over all formats and regimes."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        format = list(FORMATS.values())[number % 4]
        regime = list(REGIMES)[number // 4 % len(REGIMES)]
        yield draw(rng, format, regime, int(rng.choice(sizes)))


def main(wanted: int) -> None:
    """Try this many rows, and the plain definition of one in twenty."""
    wrong = 0
    for number, asked in enumerate(drawn(wanted, seed=18)):
        for one in (asked, replace(asked, quantity=LOSS)):
            for violation in violations(one):
                wrong += 1
                sys.stdout.write(f"{violation}\n")
        plain = number % 20 == number // 20 % 4  # In each format.
        if plain and not all(map(arb.overlaps, differences(asked), enclose(asked))):
            wrong += 1
            sys.stdout.write(f"{asked}, {asked.loss}: not the difference of the definition\n")
    sys.stdout.write(f"{wanted} rows, {wrong} violations\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
