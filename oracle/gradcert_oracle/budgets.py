r"""Budgets: what rounding may cost a textbook algorithm on one very row, computed and not chosen.

The theorem. Run a textbook algorithm in ball arithmetic at the precision of the format under test:
53, 24, 11 or 8 bits. Each ball operation whose midpoint has to be rounded widens its result by one
unit in the last place. So every ball holds the exact value, and, as far as a floating-point run
rounds where the ball does, the value that any run of the same algorithm computes whose operations
err by at most one ulp - correctly rounded arithmetic and a good mathematical library alike. Two
points of one ball are at most two radii apart. That is why two budgets are allowed.

A run may round where the ball's midpoint happens to be exact, and then the ball is too small. So
every exponent ``z_j - m`` is charged one rounding, which ``exp2((z_j - m) log2(e))`` and a shift by
another number than the largest logit make even where the difference is exact. And the budget of a
value is the larger radius of the algorithm's equally good forms, plus one rounding of each term,
plus what may underflow. An operation that may underflow widens its ball by that
amount as well, for a sum of many lost terms is not small in binary16. Tests run every level in
every format, in all its forms, and hold the runs to two budgets.

Levels are algorithms, from the best to the worst:

=============  ============================================================================
wide           shifted softmax in binary32, one rounding to a 16-bit format at the end
shifted        ``o_j = exp(z_j - m) / S``, ``S = sum_k exp(z_k - m)``, ``m = max z``
log-softmax    ``o_j = exp(l_j)``, ``l_j = (z_j - m) - ln S`` rounded to the format; for a
               16-bit format the larger of all in the format, and all else in binary32
log-sum-exp    ``o_j = exp(z_j - lse)``, ``lse = m + ln S``, in the format itself
=============  ============================================================================

A budget is void, and nothing passes by it, on a row where it exceeds a quarter of the row's scale
for any value: an ``lse`` near 1e4 rounded to 8 bits says nothing about the gradient.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from flint import arb, ctx

from gradcert_oracle import quantities
from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.precision import Row
from gradcert_oracle.sums import SUMMATIONS, Sums

__all__ = ["LEVELS", "Algorithm", "algorithms", "budgets", "scale"]

LEVELS = ("wide", "shifted", "log-softmax", "log-sum-exp")
"""The textbook algorithms, from the best to the worst."""


@dataclass(frozen=True)
class Algorithm:
    """A textbook algorithm: how it computes a probability, and in which order it sums."""

    level: str
    summation: str

    def __str__(self) -> str:
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


def algorithms(format: Format) -> list[Algorithm]:
    """Return the algorithms a value in this format may be explained by, from the best to the worst.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> [str(algorithm) for algorithm in algorithms(BINARY64)][:3]
    ['shifted', 'shifted, sequential sum', 'log-softmax']
    """
    levels = LEVELS if format.precision < BINARY32.precision else LEVELS[1:]
    return [Algorithm(level, summation) for level in levels for summation in SUMMATIONS]


@dataclass(frozen=True, slots=True)
class _Softmax:
    """A row's softmax as a textbook algorithm computes it, in balls at its precision."""

    probabilities: list[arb]
    logarithms: list[arb]


@dataclass(frozen=True)
class _Arithmetic:
    """What an algorithm computes with: the order of its sums, and what its operations may lose."""

    total: Callable[[Sequence[arb]], Sums]
    lost: arb
    stored: arb
    """One, give or take the relative rounding of a value that is stored in a narrower format."""


def _softmax(z: Row, level: str, arithmetic: _Arithmetic) -> _Softmax:
    total, lost = arithmetic.total, arithmetic.lost
    largest = arb(max(z))
    unit = arb(0, 2.0**-ctx.prec)
    shifted = [d * (1 + unit) if (d := arb(x) - largest).is_finite() else d for x in z]
    powers = [x.exp() + lost for x in shifted]
    mass = total(powers)[0]
    if level == "log-sum-exp":
        lse = largest + mass.log()
        logarithms = [arb(x) - lse for x in z]
    else:
        log_mass = mass.log()
        logarithms = [(x - log_mass) * arithmetic.stored for x in shifted]
    if level in ("wide", "shifted"):
        return _Softmax([power / mass + lost for power in powers], logarithms)
    return _Softmax([x.exp() + lost for x in logarithms], logarithms)


@dataclass(frozen=True, slots=True)
class _Value:
    """The forms a textbook has for one value, and the sizes of the terms that are rounded."""

    forms: tuple[arb, ...]
    terms: tuple[arb, ...]


def _values(quantity: str, first: Row, t: Row, level: str, arithmetic: _Arithmetic) -> list[_Value]:
    total = arithmetic.total
    targets = [arb(target) for target in t]
    if quantity == "dE/do":
        slopes = [target * (1 / arb(o)) for o, target in zip(first, targets, strict=True)]
        return [_Value((slope,), (slope,)) for slope in slopes]
    if quantity == "dE/dz, identity":
        slopes = [arb(x) - target for x, target in zip(first, targets, strict=True)]
        return [_Value((slope,), (slope,)) for slope in slopes]
    if quantity == "dE/dz, sigmoid":
        values = []
        for x, t_j in zip(first, targets, strict=True):
            o_j, o_rest = _softmax((x, 0.0), level, arithmetic).probabilities
            plain = o_j - t_j
            values.append(_Value((plain, o_j * (1 - t_j) - t_j * o_rest), (o_j, t_j, plain)))
        return values
    softmax = _softmax(first, level, arithmetic)
    o = softmax.probabilities
    if quantity == "softmax":
        return [_Value((o_j,), (o_j,)) for o_j in o]
    if quantity == "loss":
        pairs = zip(targets, softmax.logarithms, strict=True)
        terms = [target * logarithm for target, logarithm in pairs if target != 0]
        value = total(terms)[0] if terms else arb(0)
        return [_Value((value,), (value, *terms))]
    others = total(o)[1]
    if quantity == "do/dz":
        return [
            _Value((o_j * (1 - o_j), o_j * others[j]), (o_j, o_j * o_j))
            if i == j
            else _Value((o_i * o_j,), (o_i * o_j, o_i * o_j))
            for i, o_i in enumerate(o)
            for j, o_j in enumerate(o)
        ]
    mass, other_targets = total(targets)
    values = []
    for o_j, o_rest, t_j, t_rest in zip(o, others, targets, other_targets, strict=True):
        product = o_j * mass
        plain = product - t_j
        values.append(_Value((plain, o_j * t_rest - t_j * o_rest), (product, t_j, plain)))
    return values


@functools.lru_cache(maxsize=64)
def scale(quantity: str, first: Row, t: Row, format: Format) -> arb:
    """Return the size a row's values are of, beside which a void budget is large.

    The largest ``o_k T + |t_k|`` for dE/dz, ``1 + |t_k|`` if outputs are sigmoids, ``|z_k| +
    |t_k|`` if they are the logits; the largest o_k for softmax and its Jacobian; the largest
    ``|t_k / o_k|`` for dE/do; ``E + sum_k |t_k|`` for the loss.
    """
    if quantity == "dE/do":
        return arb(max(abs(target) / o for o, target in zip(first, t, strict=True)))
    if quantity in ("dE/dz, sigmoid", "dE/dz, identity"):
        sizes = map(abs, first) if quantity == "dE/dz, identity" else [1.0] * len(first)
        return max(arb(size) + abs(target) for size, target in zip(sizes, t, strict=True))
    mass = sum(map(abs, t))
    if quantity == "loss":
        return abs(quantities.loss(first, t, format)[0]) + mass
    o = quantities.softmax(first, (), format)
    if quantity == "dE/dz":
        return max((o_k.mid() * mass + abs(t_k) for o_k, t_k in zip(o, t, strict=True)))
    return max(o_k.mid() for o_k in o)


def _budgets_inside(
    quantity: str, first: Row, t: Row, format: Format, algorithm: Algorithm, inner: Format
) -> list[arb] | None:
    """Return the budgets of an algorithm whose intermediates are in the format `inner`."""
    stores = algorithm.level == "log-softmax" and inner is not format
    arithmetic = _Arithmetic(
        total=SUMMATIONS[algorithm.summation],
        lost=arb(0, inner.underflow),
        stored=arb(1, 2.0**-format.precision) if stores else arb(1),
    )
    with ctx.workprec(inner.precision):
        values = _values(quantity, first, t, algorithm.level, arithmetic)
    with ctx.workprec(64):
        result = []
        for value in values:
            radius = max(form.rad() for form in value.forms)
            rounding = sum(abs(term.mid()) for term in value.terms) * arb((1, -inner.precision))
            if inner is not format:
                rounding += abs(value.forms[0].mid()) * arb((1, -format.precision))
            result.append((radius + rounding + format.underflow).upper())
        quarter = scale(quantity, first, t, format) / 4 + format.underflow
        sound = all(budget < inf and not budget > quarter for budget in result)
    return result if sound else None


@functools.lru_cache(maxsize=64)
def budgets(
    quantity: str, first: Row, t: Row, format: Format, algorithm: Algorithm
) -> tuple[arb, ...] | None:
    """Return the budget of each value of a row, or None where the algorithm is void on it.

    Parameters
    ----------
    quantity
        ``softmax``, ``loss``, ``dE/do``, ``do/dz`` or ``dE/dz``.
    first
        The row of logits, or of probabilities for dE/do.
    t
        The row of targets; ``()`` for softmax and its Jacobian.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> rows = (0.0, 0.0), (1.0, 0.0)
    >>> [float(b) for b in budgets("dE/dz", *rows, BINARY64, Algorithm("shifted", "pairwise"))]
    [2.220446049250313e-16, 1.1102230246251565e-16]
    """
    inside: tuple[Format, ...] = (format,)
    if format.precision < BINARY32.precision:
        inside = {"wide": (BINARY32,), "log-softmax": (BINARY32, format)}.get(
            algorithm.level, inside
        )
    found = [_budgets_inside(quantity, first, t, format, algorithm, inner) for inner in inside]
    sound = [variant for variant in found if variant is not None]
    return tuple(map(max, zip(*sound, strict=True))) if sound else None
