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

Where two classes of equal logit and target change places, an algorithm computes the same: the
budget at the first place of such classes serves them all.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, log

from flint import arb, ctx

from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.precision import Row, first_places
from gradcert_oracle.sums import SUMMATIONS, Summation

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


@dataclass(frozen=True)
class _Arithmetic:
    """What an algorithm computes with: the order of its sums, and what its operations may lose."""

    total: Summation
    lost: arb
    stored: arb
    """One, give or take the relative rounding of a value that is stored in a narrower format."""


def _balls(row: Row) -> list[arb]:
    """Return a row as balls; equal numbers share one."""
    return list(map({x: arb(x) for x in dict.fromkeys(row)}.__getitem__, row))


def _softmax(
    z: Row, level: str, arithmetic: _Arithmetic, *, logarithms: bool = False
) -> dict[float, arb]:
    """Return the probability of each logit, or its logarithm, as the algorithm computes it."""
    largest, lost, unit = arb(max(z)), arithmetic.lost, arb(1, 2.0**-ctx.prec)

    def shifted(x: float) -> arb:
        return (x - largest) * unit if x > -inf else -arb(inf)

    powers = {x: shifted(x).exp() + lost for x in dict.fromkeys(z)}
    mass = arithmetic.total(list(map(powers.__getitem__, z)), ())[0]
    if level in ("wide", "shifted") and not logarithms:
        return {x: power / mass + lost for x, power in powers.items()}
    log_mass = mass.log()
    if level == "log-sum-exp":
        lse = largest + log_mass
        found = {x: x - lse for x in powers}
    else:
        found = {x: (shifted(x) - log_mass) * arithmetic.stored for x in powers}
    return found if logarithms else {x: value.exp() + lost for x, value in found.items()}


_Value = tuple[tuple[arb, ...], arb]
"""The forms a textbook has for one value, and the sizes of its terms that are rounded, added up."""


def _values(
    quantity: str, first: Row, t: Row, places: Sequence[int], level: str, arithmetic: _Arithmetic
) -> Iterator[_Value]:
    """Yield the values at these places: of a loss the only one, of a Jacobian all."""
    total, targets = arithmetic.total, _balls(t)
    match quantity:
        case "dE/do" | "dE/dz, identity":
            for j in places:
                o_j = arb(first[j])
                slope = targets[j] * (1 / o_j) if quantity == "dE/do" else o_j - targets[j]
                yield (slope,), abs(slope)
        case "dE/dz, sigmoid":
            for j in places:
                x, t_j = first[j], targets[j]
                pair = _softmax((x, 0.0), level, arithmetic)
                o_j, o_rest = pair[x], pair[0.0]
                plain = o_j - t_j
                forms = plain, o_j * (1 - t_j) - t_j * o_rest
                yield forms, o_j + abs(t_j) + abs(plain)
        case "softmax":
            probability = _softmax(first, level, arithmetic)
            for j in places:
                yield (probability[first[j]],), probability[first[j]]
        case "loss":
            logarithm = _softmax(first, level, arithmetic, logarithms=True)
            pairs = zip(targets, map(logarithm.__getitem__, first), strict=True)
            terms = [target * log_o for target, log_o in pairs if target != 0]
            value = total(terms, ())[0] if terms else arb(0)
            yield (value,), sum(map(abs, terms), abs(value))
        case "do/dz":
            o = list(map(_softmax(first, level, arithmetic).__getitem__, first))
            others = total(o, range(len(o)))[1]
            for i, o_i in enumerate(o):
                for j, o_j in enumerate(o):
                    entry = o_i * o_j
                    if i != j:
                        yield (entry,), entry + entry
                    else:
                        yield (o_j * (1 - o_j), o_j * others[j]), o_j + entry
        case "dE/dz":
            o = list(map(_softmax(first, level, arithmetic).__getitem__, first))
            aimed_at = [j for j in places if t[j]]
            mass, other_targets = total(targets, aimed_at)
            rests = zip(total(o, aimed_at)[1], other_targets, strict=True)
            for j in places:
                o_j, t_j = o[j], targets[j]
                product = o_j * mass
                if t[j]:
                    o_rest, t_rest = next(rests)
                    plain = product - t_j
                    forms = plain, o_j * t_rest - t_j * o_rest
                    yield forms, abs(product) + abs(t_j) + abs(plain)
                else:  # The sum of the other targets is that of all: the forms are one.
                    size = abs(product)
                    yield (product,), size + size


@functools.lru_cache(maxsize=64)
def scale(quantity: str, first: Row, t: Row) -> float:
    """Return the size a row's values are of, beside which a void budget is large.

    The largest ``o_k T + |t_k|`` for dE/dz, ``1 + |t_k|`` if outputs are sigmoids, ``|z_k| +
    |t_k|`` if they are the logits; the largest o_k for softmax and its Jacobian; the largest
    ``|t_k / o_k|`` for dE/do; ``E + sum_k |t_k|`` for the loss. A threshold, not a bound: it is
    computed in binary64.

    Examples
    --------
    >>> scale("dE/dz", (0.0, 0.0), (1.0, 0.0))
    1.5
    """
    if quantity == "dE/do":
        return max(abs(target / o) for o, target in zip(first, t, strict=True))
    if quantity == "dE/dz, sigmoid":
        return 1 + max(map(abs, t))
    if quantity == "dE/dz, identity":
        return max(abs(x) + abs(target) for x, target in zip(first, t, strict=True))
    largest = max(first)
    powers = [exp(x - largest) for x in first]
    whole, mass = fsum(powers), fsum(map(abs, t))
    if quantity == "loss":
        return mass + fsum(
            target * (largest - x + log(whole))
            for x, target in zip(first, t, strict=True)
            if target
        )
    if quantity == "dE/dz":
        aimed_at = [(power, target) for power, target in zip(powers, t, strict=True) if target]
        sizes = [power / whole * mass + abs(target) for power, target in aimed_at]
        return max([mass / whole, *sizes])
    return 1 / whole


def _budgets_inside(
    quantity: str,
    first: Row,
    t: Row,
    places: Sequence[int],
    format: Format,
    algorithm: Algorithm,
    inner: Format,
) -> list[arb] | None:
    """Return the budgets of an algorithm whose intermediates are in the format `inner`."""
    stores = algorithm.level == "log-softmax" and inner is not format
    arithmetic = _Arithmetic(
        total=SUMMATIONS[algorithm.summation],
        lost=arb(0, inner.underflow),
        stored=arb(1, 2.0**-format.precision) if stores else arb(1),
    )
    with ctx.workprec(inner.precision):
        values = list(_values(quantity, first, t, places, algorithm.level, arithmetic))
    result = []
    with ctx.workprec(64):
        unit, outer = arb((1, -inner.precision)), arb((1, -format.precision))
        underflow = arb(format.underflow)
        quarter = underflow + scale(quantity, first, t) / 4
        for forms, size in values:
            radius = forms[0].rad()
            for form in forms[1:]:
                radius = max(radius, form.rad())
            budget = size * unit + radius + underflow
            if inner is not format:
                budget += abs(forms[0]) * outer
            budget = budget.upper()
            if not budget <= quarter:
                return None
            result.append(budget)
    return result


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
    classes = list(zip(first, t, strict=True)) if t else list(zip(first, strict=True))
    places = first_places(classes)
    arguments = quantity, first, t, list(places.values()), format, algorithm
    found = [_budgets_inside(*arguments, inner) for inner in inside]
    sound = [variant for variant in found if variant is not None]
    if not sound:
        return None
    largest = sound[0] if len(sound) == 1 else list(map(max, zip(*sound, strict=True)))
    if quantity in ("loss", "do/dz"):
        return tuple(largest)
    return tuple(map(dict(zip(places, largest, strict=True)).__getitem__, classes))
