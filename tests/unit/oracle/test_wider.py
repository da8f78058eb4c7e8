"""The wider arithmetic is as accurate as it says, which balls show."""

from collections.abc import Callable
from math import inf

import numpy as np
import pytest
from flint import arb, ctx

from gradcert_oracle.wider import (
    DEEPEST,
    LOG_ERROR,
    LOG_LOST,
    LOST,
    PAIRED,
    PAIRED_ERROR,
    PLAIN,
    PLAIN_ERROR,
    STEEPNESS_LOST,
    Array,
    Pair,
    Wider,
    log1p,
    powers,
    steepness_error,
    tangent_error,
    tangents,
)
from gradcert_oracle.wider.pairs import two_product

RNG = np.random.default_rng(0)

BOTH = pytest.mark.parametrize("wider", [PLAIN, PAIRED], ids=["plain", "paired"])


def _balls(numbers: Pair) -> list[arb]:
    tails = np.broadcast_to(numbers.tail, numbers.head.shape)
    return [arb(head) + arb(tail) for head, tail in zip(numbers.head, tails, strict=True)]


def _pairs(heads: Array) -> Pair:
    """Give each number a tail that does not change how it is rounded."""
    return Pair(heads, heads * RNG.uniform(-0.99, 0.99, heads.shape) * 2.0**-53)


def _farthest(found: Pair, true: list[arb], lost: float = 0.0) -> float:
    """Return the largest relative error, without what may be lost to underflow."""
    off = [abs(value - x) - lost for value, x in zip(_balls(found), true, strict=True)]
    return max(float((error / x).upper()) for error, x in zip(off, true, strict=True) if x != 0)


STEPS = np.arange(0, 2_205_000, 223)

EXPONENTS = -np.concatenate(
    [
        RNG.uniform(0, 40, 2000),
        RNG.uniform(0, -DEEPEST, 2000),
        2.0 ** RNG.uniform(-1074, 9, 2000),
        # Where the reduced argument is smallest, and where it is largest.
        (STEPS * np.log(2) / 2048).clip(0, -DEEPEST),
        ((STEPS + 0.5) * np.log(2) / 2048).clip(0, -DEEPEST),
    ]
)


@pytest.mark.parametrize(
    ("paired", "bound"), [(False, PLAIN_ERROR), (True, PAIRED_ERROR)], ids=["plain", "paired"]
)
def test_the_exponential_keeps_its_bound(paired: bool, bound: float) -> None:
    exponents = _pairs(EXPONENTS) if paired else Pair(EXPONENTS)
    with ctx.workprec(400):
        true = [x.exp() for x in _balls(exponents)]
        farthest = _farthest(powers(exponents, paired=paired), true, LOST)
    assert bound / 16 < farthest < bound


@pytest.mark.parametrize("paired", [False, True], ids=["plain", "paired"])
def test_what_is_deep_has_no_exponential(paired: bool) -> None:
    deep = powers(Pair(np.array([DEEPEST, -1e4, -1e300, -inf])), paired=paired)
    assert max(map(float, map(abs, _balls(deep)))) <= 2.0**-1074
    assert powers(Pair(np.array([0.0])), paired=paired).head.tolist() == [1.0]


def test_the_logarithm_keeps_its_bound() -> None:
    sizes = np.concatenate(
        [
            2.0 ** RNG.uniform(-1074, 30, 3000),
            RNG.uniform(0, 4, 3000),
            # Where one table entry gives way to the next, and where there is none.
            np.arange(1, 512) / 128 - 2.0**-40,
            1 / 128 + RNG.normal(size=500) * 1e-12,
        ]
    )
    numbers = _pairs(sizes)
    with ctx.workprec(1500):
        true = [(1 + x).log() for x in _balls(numbers)]
        assert _farthest(log1p(numbers), true, LOG_LOST) < LOG_ERROR


@BOTH
def test_the_hyperbolic_tangent_and_its_derivative_keep_their_bounds(wider: Wider) -> None:
    sizes = np.concatenate([RNG.uniform(0, 5, 3000), 2.0 ** RNG.uniform(-60, 10, 3000), [0, 373]])
    numbers = (_pairs if wider.paired else Pair)(sizes * RNG.choice([-1, 1], sizes.shape))
    found = tangents(numbers, wider)
    with ctx.workprec(3000):
        true = _balls(numbers)
        sizes_off = [
            float(abs(size - abs(x.tanh())))
            for size, x in zip(_balls(found.sizes), true, strict=True)
        ]
        steep = [1 / x.cosh() ** 2 for x in true]
        assert max(sizes_off) < tangent_error(wider)
        assert _farthest(found.steepness, steep, STEEPNESS_LOST) < steepness_error(wider)


Operation = Callable[[Wider, Pair, Pair], Pair]


@BOTH
@pytest.mark.parametrize(
    ("run", "true"),
    [
        (Wider.plus, arb.__add__),
        (Wider.product, arb.__mul__),
        (Wider.quotient, arb.__truediv__),
    ],
    ids=["sum", "product", "quotient"],
)
def test_an_operation_keeps_its_bound(
    wider: Wider, run: Operation, true: Callable[[arb, arb], arb]
) -> None:
    heads = 2.0 ** RNG.uniform(-30, 30, (2, 3000))
    x, y = map(_pairs if wider.paired else Pair, heads)
    with ctx.workprec(400):
        exact = [true(a, b) for a, b in zip(_balls(x), _balls(y), strict=True)]
        assert _farthest(run(wider, x, y), exact) < wider.unit


def test_a_product_of_two_numbers_is_exact() -> None:
    parts = RNG.integers(2**52, 2**53, (2, 3000)).astype(float)
    parts[:, :50] = 2.0**53 - 1 - np.arange(50)
    parts[0, 50:100] = 2.0**52 + 2**27 - 1
    x, y = parts * RNG.choice([-1, 1], (2, 3000)) * 2.0 ** RNG.integers(-90, 30, (2, 3000))
    with ctx.workprec(400):
        exact = [arb(a) * arb(b) for a, b in zip(x, y, strict=True)]
        assert _balls(two_product(x, y)) == exact


@BOTH
def test_a_difference_keeps_its_bound(wider: Wider) -> None:
    x = (_pairs if wider.paired else Pair)(2.0 ** RNG.uniform(-30, 30, 3000))
    y = Pair(x.head * RNG.choice([0.1, 1 - 1e-9, 1, 1 + 1e-15, 3], 3000))
    with ctx.workprec(400):
        found = _balls(wider.minus(x, y))
        for a, b, difference in zip(_balls(x), _balls(y), found, strict=True):
            assert abs(difference - (a - b)) <= wider.unit * (a + b)


@BOTH
@pytest.mark.parametrize("terms", [1, 2, 3, 1000, 4096, 4097, 70_000])
def test_a_sum_keeps_its_bound(wider: Wider, terms: int) -> None:
    x = (_pairs if wider.paired else Pair)(2.0 ** RNG.uniform(-60, 0, terms))
    rows = Pair(x.head[None], x.tail if isinstance(x.tail, float) else x.tail[None])
    with ctx.workprec(400):
        true = sum(_balls(x), arb(0))
        assert _farthest(wider.total(rows), [true]) <= wider.total_error(terms)


def test_a_sum_of_sizes_far_apart_is_as_good_beside_their_sum() -> None:
    heads = np.concatenate([[1.0], np.full(4095, 2.0**-50), np.full(9000, 2.0**-41)])
    for terms in (len(heads), 4096):
        heads = heads[:terms] * RNG.uniform(0.5, 1, terms)
        x = _pairs(heads)
        with ctx.workprec(400):
            true = sum(_balls(x), arb(0))
            found = PAIRED.total(Pair(x.head[None], np.asarray(x.tail)[None]))
            assert _farthest(found, [true]) <= PAIRED.total_error(terms)


@BOTH
def test_a_distance_is_hardly_short(wider: Wider) -> None:
    x = wider.minus(
        (_pairs if wider.paired else Pair)(RNG.uniform(0, 1, 2000)), Pair(RNG.uniform(0, 1, 2000))
    )
    values = x.head * RNG.choice([1, 1 + 2.0**-52, 1 + 1e-9, 2, 0], 2000)
    found = wider.distance(values, x)
    tails = np.abs(np.broadcast_to(x.tail, x.head.shape))
    with ctx.workprec(400):
        for value, number, distance, tail in zip(values, _balls(x), found, tails, strict=True):
            true = abs(arb(value) - number)
            assert true <= distance * arb(1 + 2.0**-52) + tail * arb(2.0**-52)


def _signed(wider: Wider, terms: int, mass: float) -> Pair:
    """Return a row of numbers of both signs, whose sum is all but zero or not."""
    heads = RNG.normal(size=terms) * 2.0 ** RNG.uniform(-60, 0, terms)
    heads[-1] = mass - heads[:-1].sum()
    x = (_pairs if wider.paired else Pair)(heads)
    return Pair(x.head[None], x.tail if isinstance(x.tail, float) else x.tail[None])


@BOTH
@pytest.mark.parametrize("mass", [0.0, 1e-30, -1e-9, 2.0])
@pytest.mark.parametrize("terms", [2, 3, 1000, 4097])
def test_a_balance_keeps_its_bound_beside_the_sizes(wider: Wider, terms: int, mass: float) -> None:
    rows = _signed(wider, terms, mass)
    found = wider.balance(rows)
    with ctx.workprec(400):
        balls = _balls(Pair(rows.head[0], np.broadcast_to(rows.tail, (1, terms))[0]))
        sizes = sum(map(abs, balls), arb(0))
        (total,) = _balls(found.total)
        allowed = wider.total_error(terms) + wider.unit
        assert abs(total - sum(balls, arb(0))) <= allowed * sizes
        assert abs(found.sizes[0] - sizes) <= (wider.total_error(terms) + 2.0**-51) * sizes
        tail = np.broadcast_to(found.total.tail, (1,))
        assert abs(tail[0]) <= abs(found.total.head[0]) * 2.0**-53  # It is a normal pair.


@BOTH
def test_a_balance_of_numbers_of_one_sign_is_their_sum(wider: Wider) -> None:
    x = wider.number(RNG.uniform(0, 1, (3, 70)))
    found, total = wider.balance(x), wider.total(x)
    assert found.total.head.tolist() == total.head.tolist() == found.sizes.tolist()
    x = wider.number(np.array([[1.0, 2.0**-70], [3.0, -3.0], [-1.0, -4.0], [0.0, 0.0]]))
    found = wider.balance(x)
    assert found.total.head.tolist() == [1, 0, -5, 0]
    assert found.sizes.tolist() == [1, 6, 5, 0]
