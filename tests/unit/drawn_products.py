"""Rows of the quantities beside the loss: log-softmax, products with a vector, dE/dt.

What the oracle says of them stands beside closed forms in mpmath and the plain definition. The
tests try some hundreds. To try many: ``python tests/unit/drawn_products.py 10000``.
"""

import sys
from collections.abc import Iterator, Sequence
from math import inf, log2

import numpy as np
from drawn_losses import REGIMES, Truth, definition, rounded, truth, violations
from flint import acb, arb, ctx
from mpmath import mp, mpf
from numpy.random import Generator

from gradcert_oracle import (
    FORMATS,
    HESSIAN_VECTOR_PRODUCT,
    LOG_SOFTMAX,
    LOG_SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD,
    TARGET_GRADIENT,
    Format,
    Quantity,
    Question,
    Row,
    central_differences,
    enclose,
)
from gradcert_oracle.differences import Scalar
from gradcert_oracle.losses import PLAIN_SHARE, TEXTBOOK_LOSS

PRODUCTS = (
    SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD,
    HESSIAN_VECTOR_PRODUCT,
    LOG_SOFTMAX,
    TARGET_GRADIENT,
)

# The plain definition.

_REACH = 2.0**-6
"""How far a step may move a logit."""


def _entropy(z: Sequence[Scalar], t: Sequence[Scalar] | Row) -> Scalar:
    return definition(z, t, TEXTBOOK_LOSS, PLAIN_SHARE)  # type: ignore[arg-type]


def _mean(z: Sequence[Scalar], v: Row) -> Scalar:
    """Return ``sum_k v_k o_k``."""
    powers = [(x.exp(), y) for x, y in zip(z, v, strict=True) if x.real > -inf]
    total = sum((power for power, _ in powers), arb(0))
    return sum((power * y for power, y in powers), arb(0)) / total


def _stepped(row: Row, j: int, step: Scalar) -> list[Scalar]:
    return [x + step if k == j else x for k, x in enumerate(map(arb, row))]


def _mixed_difference(z: Row, t: Row, v: Row, j: int) -> arb:
    """Return the mixed difference of E along v and z_j, with the remainder of a bidisc."""
    width = max(1.0, *map(abs, v))
    h = arb((1, -ctx.prec // 4))
    a = h**2

    def along(r: Scalar, s: Scalar) -> Scalar:
        moved = [
            x + r * y / width if x.real > -inf else x
            for x, y in zip(_stepped(z, j, s), v, strict=True)
        ]
        return _entropy(moved, t)

    step = h * _REACH
    difference = sum((i * k * along(i * step, k * step) for i in (1, -1) for k in (1, -1)), arb(0))
    disc = acb(arb(0, _REACH), arb(0, _REACH))
    around = along(disc, disc) - along(arb(0), arb(0))
    assert around.is_finite()
    remainder = around.abs_upper() / _REACH**2 * (1 / (1 - a) ** 2 - 1)
    return width * (difference / (4 * step * step) + arb(0, remainder.upper()))


def differences(asked: Question, bits: int = 1200) -> list[arb]:
    """Return the values from the plain definition alone; zero along a logit of -inf."""
    z, t, v = (asked[name] for name in ("logits", "targets", "v"))
    found = []
    for j, logit in enumerate(z):

        def along(s: Scalar, j: int = j) -> list[Scalar]:
            if asked.quantity is SOFTMAX_BACKWARD:
                return [_mean(_stepped(z, j, s), v)]
            if asked.quantity is LOG_SOFTMAX_BACKWARD:
                return [-_entropy(_stepped(z, j, s), v)]
            return [_entropy(list(map(arb, z)), _stepped(t, j, s))]

        with ctx.workprec(bits):
            if logit == -inf:
                found.append(arb(0))
            elif asked.quantity is HESSIAN_VECTOR_PRODUCT:
                found.append(_mixed_difference(z, t, v, j))
            elif asked.quantity is LOG_SOFTMAX:
                found.append(-_entropy(list(map(arb, z)), [float(k == j) for k in range(len(z))]))
            else:
                found += central_differences(along, radius=_REACH)
    return found


# The closed form, in mpmath.


def closed_form(asked: Question) -> list[Truth]:
    """Return the values of a question about one of these quantities."""
    z, t, v = (list(map(mpf, asked[name])) for name in ("logits", "targets", "v"))
    largest = max(z)
    powers = [mp.exp(x - largest) if x > -inf else mpf(0) for x in z]
    if asked.quantity in (LOG_SOFTMAX, TARGET_GRADIENT):
        # The sum of all others beside the power: nothing cancels.
        rests = [mp.fsum(powers[:j] + powers[j + 1 :]) / own for j, own in enumerate(powers)]
        sign = 1 if asked.quantity is TARGET_GRADIENT else -1
        return [truth([sign * mp.log1p(rest)]) for rest in rests]
    mass = mp.fsum(powers)
    o = [power / mass for power in powers]
    if asked.quantity is LOG_SOFTMAX_BACKWARD:
        return [truth([x, *(-share * y for y in v)]) for share, x in zip(o, v, strict=True)]
    weights = t if asked.quantity is HESSIAN_VECTOR_PRODUCT else [mpf(1)]
    total, size = mp.fsum(weights), mp.fsum(map(abs, weights))
    found = []
    for share, x in zip(o, v, strict=True):
        one = truth([share * x, *(-share * weight * y for weight, y in zip(o, v, strict=True))])
        found.append(Truth(total * one.value, size * one.error))
    return found


# The rows.

KINDS = ("signed", "positive", "equal", "nearly equal", "all sizes", "tiny", "huge", "one-hot")
"""How the numbers of v are drawn."""


def draw_vector(rng: Generator, format: Format, kind: str, n: int, most: float) -> np.ndarray:
    """Draw v, the sum of whose sizes is at most this."""
    signs = rng.choice([-1, 1], n)
    lowest, highest = log2(format.smallest_normal), log2(most / n)
    if kind == "signed":
        return rng.uniform(-4, 4, n)
    if kind == "positive":
        return rng.uniform(0.25, 4, n)
    if kind == "equal":
        return np.full(n, signs[0] * 2.0 ** rng.uniform(lowest, highest))
    if kind == "nearly equal":
        return rng.uniform(-4, 4) * (1 + rng.integers(0, 4, n) * 2.0 ** (1 - format.precision))
    if kind == "all sizes":
        return signs * 2.0 ** rng.uniform(-format.precision, 4, n)
    if kind == "tiny":
        smallest = log2(format.smallest_subnormal)
        return signs * 2.0 ** rng.uniform(smallest, rng.uniform(smallest, lowest / 2), n)
    if kind == "huge":
        return signs * 2.0 ** rng.uniform(min(highest / 2, highest - 1), highest, n)
    return np.eye(n)[rng.integers(n)] * signs


def _targets(rng: Generator, format: Format, allowed: np.ndarray) -> np.ndarray:
    """Draw targets: one-hot, of sum one, tiny, of both signs, and those whose sum cancels."""
    n, kind = len(allowed), rng.integers(5)
    if kind == 0:
        return allowed * np.eye(n)[rng.choice(np.flatnonzero(allowed))]
    if kind == 1:
        return allowed * rng.dirichlet(np.ones(n))
    if kind == 4:
        return allowed * 2.0 ** (rng.random() * log2(format.smallest_normal))
    t = allowed * rounded(rng.uniform(-2, 2, n).round(rng.integers(1, 8)), format)
    if kind == 3:
        t[rng.choice(np.flatnonzero(allowed))] -= t.sum() * (1 + rng.choice([0, 2.0**-10]))
    return t


def draw(rng: Generator, quantity: Quantity, format: Format, regime: str, n: int) -> Question:
    """Draw a question about a row of n classes."""
    largest = min(1e4, format.max / 4)
    z = REGIMES[regime](rng, n).clip(-largest, largest)
    allowed = np.ones(n, bool)
    if quantity.masked and n > 1 and rng.random() < 0.3:
        allowed = rng.random(n) < 0.6
        allowed[rng.integers(n)] = True
    z[~allowed] = -inf
    t = _targets(rng, format, allowed)
    most = format.max / (16 * max(1.0, np.abs(t).sum()))
    v = draw_vector(rng, format, str(rng.choice(KINDS)), n, most)
    if not quantity.masked_v:
        v[~allowed] = 0
    rows = {"logits": z, "targets": t, "v": v}
    given = (tuple(rounded(rows[name], format).tolist()) for name in quantity.arguments)
    return Question(quantity, tuple(given), format)


def drawn(
    count: int,
    seed: int,
    sizes: Sequence[int] = (1, 2, 3, 2, 5, 3, 9),
    quantities: Sequence[Quantity] = PRODUCTS,
) -> Iterator[Question]:
    """Yield questions over all of these quantities, formats and regimes."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        quantity = quantities[number % len(quantities)]
        format = list(FORMATS.values())[number // len(quantities) % 4]
        regime = str(rng.choice(list(REGIMES)))
        yield draw(rng, quantity, format, regime, int(rng.choice(sizes)))


def main(wanted: int) -> None:
    """Try this many rows, and the plain definition of one in eleven."""
    wrong = 0
    widest = arb(0)
    for number, asked in enumerate(drawn(wanted, seed=19)):
        for violation in violations(asked, closed_form):
            wrong += 1
            sys.stdout.write(f"{violation}\n")
        balls = enclose(asked)
        ulps = max(2 * ball.rad() / asked.format.ulp(ball) for ball in balls)
        widest = max(widest, ulps)
        if number % 11 == 0 and not all(map(arb.overlaps, differences(asked), balls)):
            wrong += 1
            sys.stdout.write(f"{asked}: not the difference of the definition\n")
    sys.stdout.write(f"{wanted} rows, {wrong} violations, no ball wider than {float(widest)} ulp\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
