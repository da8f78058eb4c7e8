r"""The textbook algorithms that levels are named after, in balls at a precision of one's choice.

Levels are algorithms, from the best to the worst:

=============  ============================================================================
wide           shifted softmax in binary32, one rounding to a 16-bit format at the end
shifted        ``o_j = exp(z_j - m) / S``, ``S = sum_k exp(z_k - m)``, ``m = max z``
log-softmax    ``o_j = exp(l_j)``, ``l_j = (z_j - m) - ln S`` rounded to the format; for a
               16-bit format the larger of all in the format, and all else in binary32
log-sum-exp    ``o_j = exp(z_j - lse)``, ``lse = m + ln S``, in the format itself
=============  ============================================================================

Where a textbook has two forms for a value that are equally good, both are computed: ``o_j T - t_j``
and the complement's ``o_j sum_{k != j} t_k - t_j sum_{k != j} o_k``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from flint import arb, ctx

from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.precision import Row, worth_grouping
from gradcert_oracle.sums import SUMMATIONS, Summation

__all__ = ["LEVELS", "Algorithm", "Arithmetic", "Values", "algorithms", "values"]

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


class Arithmetic(NamedTuple):
    """What an algorithm computes with: the order of its sums, and what its operations may lose."""

    total: Summation
    lost: arb
    stored: arb
    """One, give or take the rounding of a log-probability that is stored in a narrower format."""


def _balls(row: Row) -> list[arb]:
    """Return a row as balls; equal numbers share one."""
    return list(map({x: arb(x) for x in dict.fromkeys(row)}.__getitem__, row))


def _softmax(z: Row, level: str, arithmetic: Arithmetic, *, logarithms: bool = False) -> list[arb]:
    """Return the probability of each logit, or its logarithm, as the algorithm computes it."""
    largest, lost, unit = arb(max(z)), arithmetic.lost, arb(1, 2.0**-ctx.prec)
    distinct: Sequence[float] = list(dict.fromkeys(z))
    which: list[int] = []
    if worth_grouping(len(distinct), len(z)):
        which = list(map({x: i for i, x in enumerate(distinct)}.__getitem__, z))
    else:
        distinct = z

    def of_each(values: list[arb]) -> list[arb]:
        return list(map(values.__getitem__, which)) if which else values

    shifted = [(x - largest) * unit if x > -inf else -arb(inf) for x in distinct]
    powers = [d.exp() + lost for d in shifted]
    mass = arithmetic.total(of_each(powers), ())[0]
    if level in ("wide", "shifted") and not logarithms:
        return of_each([power / mass + lost for power in powers])
    log_mass = mass.log()
    if level == "log-sum-exp":
        lse = largest + log_mass
        found = [x - lse for x in distinct]
    else:
        found = [(d - log_mass) * arithmetic.stored for d in shifted]
    return of_each(found if logarithms else [value.exp() + lost for value in found])


class Values(NamedTuple):
    """The values of a row as a textbook computes them, in columns.

    Attributes
    ----------
    plain
        In the plain form.
    mirrored
        In the complement's form, where that is another, by their number.
    sizes
        The sizes of the terms of each that are rounded, added up.
    """

    plain: list[arb]
    mirrored: dict[int, arb]
    sizes: list[arb]


def _gradient(o: Sequence[arb], t: Row, places: Sequence[int], total: Summation) -> Values:
    """Return ``o_j T - t_j`` at these places.

    Where t_j is zero the sum of the other targets is T, and the complement's form is the plain one.
    """
    aimed_at = [(number, j) for number, j in enumerate(places) if t[j]]
    asked = [j for _, j in aimed_at]
    if t.count(0) < len(t) - 1:
        mass, others_targets = total(_balls(t), asked)
    else:  # One target and zeros, added up in any order, is the target as a number of the format.
        mass, others_targets = arb(sum(t)) + 0, [arb(0)] * len(asked)
    twice = abs(mass + mass)
    plain = [o[j] * mass for j in places]
    sizes = [o[j] * twice for j in places]
    mirrored = {}
    others = total(o, asked)[1]
    for (number, j), t_rest, o_rest in zip(aimed_at, others_targets, others, strict=True):
        product = plain[number]
        plain[number] = product - t[j]
        mirrored[number] = o[j] * t_rest - t[j] * o_rest
        sizes[number] = abs(product) + abs(t[j]) + abs(plain[number])
    return Values(plain, mirrored, sizes)


def _sigmoid_gradient(
    pairs: Sequence[tuple[float, float]], level: str, arithmetic: Arithmetic
) -> Values:
    """Return ``o_j - t_j``, where the sigmoid of z_j is the softmax of z_j and 0."""
    values = Values([], {}, [])
    for number, (x, t_j) in enumerate(pairs):
        o_j, o_rest = _softmax((x, 0.0), level, arithmetic)
        plain = o_j - t_j
        values.plain.append(plain)
        values.mirrored[number] = o_j * (1 - arb(t_j)) - t_j * o_rest
        values.sizes.append(o_j + abs(t_j) + abs(plain))
    return values


def _jacobian(o: Sequence[arb], total: Summation) -> Values:
    """Return ``o_j (1 - o_j)`` on the diagonal and ``o_i o_j`` off it, whose sign costs nothing."""
    plain = [o_i * o_j for o_i in o for o_j in o]
    sizes = [entry + entry for entry in plain]
    mirrored = {}
    diagonal = range(0, len(plain), len(o) + 1)
    for number, o_j, o_rest in zip(diagonal, o, total(o, range(len(o)))[1], strict=True):
        sizes[number] = o_j + plain[number]
        plain[number] = o_j * (1 - o_j)
        mirrored[number] = o_j * o_rest
    return Values(plain, mirrored, sizes)


def values(
    quantity: str, first: Row, t: Row, places: Sequence[int], level: str, arithmetic: Arithmetic
) -> Values:
    """Return the values at these places: of a loss the only one, of a Jacobian all."""
    total = arithmetic.total
    if quantity in ("dE/do", "dE/dz, identity"):
        pairs = [(arb(first[j]), t[j]) for j in places]
        slopes = [t_j * (1 / o) if quantity == "dE/do" else o - t_j for o, t_j in pairs]
        return Values(slopes, {}, list(map(abs, slopes)))
    if quantity == "dE/dz, sigmoid":
        return _sigmoid_gradient([(first[j], t[j]) for j in places], level, arithmetic)
    o = _softmax(first, level, arithmetic, logarithms=quantity == "loss")
    if quantity == "softmax":
        plain = [o[j] for j in places]
        return Values(plain, {}, plain)
    if quantity == "loss":
        terms = [target * log_o for target, log_o in zip(t, o, strict=True) if target]
        value = total(terms, ())[0] if terms else arb(0)
        return Values([value], {}, [sum(map(abs, terms), abs(value))])
    if quantity == "do/dz":
        return _jacobian(o, total)
    return _gradient(o, t, places, total)
