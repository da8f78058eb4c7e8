r"""The textbook algorithms that levels are named after, in balls at a chosen precision.

A level is an algorithm. From the best to the worst they are:

=============  ============================================================================
wide           shifted softmax in binary32, rounded once to a 16-bit format at the end
shifted        ``o_j = exp(z_j - m) / S``, ``S = sum_k exp(z_k - m)``, ``m = max z``
log-softmax    ``o_j = exp(l_j)``, where ``l_j = (z_j - m) - ln S`` is rounded to the format.
               In a 16-bit format the rest is in binary32 or in the format: the larger budget
               of both counts
log-sum-exp    ``o_j = exp(z_j - lse)``, ``lse = m + ln S``, all in the format itself,
               by powers of e or of two
=============  ============================================================================

Each quantity has its own textbook values, in ``quantities/``. This module contains what they share:
the algorithms, their arithmetic, and the softmax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from flint import arb, ctx

from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.rows import Row, lookup, worth_grouping
from gradcert_oracle.sums import SUMMATIONS, Summation, of_equal_terms

__all__ = ["LEVELS", "Algorithm", "Arithmetic", "Values", "algorithms", "softmax"]

LEVELS = ("wide", "shifted", "log-softmax", "log-sum-exp")
"""The textbook algorithms, from the best to the worst."""


@dataclass(frozen=True)
class Algorithm:
    """A textbook algorithm: its level says how it computes a probability, then how it sums."""

    level: str
    summation: str

    def __str__(self) -> str:
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


_ALGORITHMS = tuple(Algorithm(level, summation) for level in LEVELS for summation in SUMMATIONS)


def algorithms(format: Format) -> list[Algorithm]:
    """Return the algorithms that may explain a value in this format, from the best to the worst.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> [str(algorithm) for algorithm in algorithms(BINARY64)][:3]
    ['shifted', 'shifted, sequential sum', 'log-softmax']
    """
    first = 0 if format.precision < BINARY32.precision else len(SUMMATIONS)
    return list(_ALGORITHMS[first:])


class Arithmetic(NamedTuple):
    """The arithmetic of an algorithm.

    Attributes
    ----------
    total
        The order of its sums.
    lost
        A ball around zero: the most that an operation may lose to underflow.
    stored
        A ball around one: the rounding of a log-probability that is stored in a narrower format,
        and exactly one where none is.
    """

    total: Summation
    lost: arb
    stored: arb


class Values(NamedTuple):
    """The values of a row as a textbook computes them.

    Where a textbook has two forms of a value that are equally good, such as ``o_j T - t_j`` and
    ``o_j sum_{k != j} t_k - t_j sum_{k != j} o_k``, both are computed.

    Attributes
    ----------
    plain
        The values in the plain form.
    mirrored
        The values in the complement's form where it is another form, by their index in `plain`.
    sizes
        For each value the sum of the sizes of its terms that are rounded.
    """

    plain: list[arb]
    mirrored: dict[int, arb]
    sizes: list[arb]


def softmax(z: Row, level: str, arithmetic: Arithmetic, *, logarithms: bool = False) -> list[arb]:
    """Return the probability of each logit, or its logarithm, as the algorithm computes it.

    Every exponent ``z_j - m`` has one rounding, even where the difference is exact; see
    :mod:`~gradcert_oracle.budgets`.

    Examples
    --------
    >>> from gradcert_oracle.sums import pairwise
    >>> with ctx.workprec(24):
    ...     print(softmax((1.0, 0.0), "shifted", Arithmetic(pairwise, arb(0), arb(1)))[0])
    [0.731059 +/- 5.54e-7]
    """
    largest, lost, unit = arb(max(z)), arithmetic.lost, arb(1, 2.0**-ctx.prec)
    distinct: Sequence[float] = list(dict.fromkeys(z))
    which: list[int] = []
    if worth_grouping(len(distinct), len(z)):
        which = lookup(distinct, range(len(distinct)), z)
    else:
        distinct = z

    def of_each(values: list[arb]) -> list[arb]:
        return list(map(values.__getitem__, which)) if which else values

    shifted = [(x - largest) * unit if x > -inf else -arb(inf) for x in distinct]
    powers = [d.exp() + lost for d in shifted]
    # Sums of few bits may be exact here, and not in a run that shifts by another number.
    few = ctx.prec // 2
    short = {x for x, power in zip(distinct, powers, strict=True) if 0 < power.bits() <= few}
    if sum(map(z.count, short)) > 1:
        mass = of_equal_terms(arithmetic.total, of_each(powers))
    else:
        mass = arithmetic.total(of_each(powers), ())[0]
    if level in ("wide", "shifted") and not logarithms:
        return of_each([power / mass + lost for power in powers])
    log_mass = mass.log()
    if level == "log-sum-exp":
        logs = [x - (largest + log_mass) for x in distinct]
        with ctx.workprec(2 * ctx.prec + 64):  # With powers of two, each number is rounded once.
            lse = (largest + log_mass) * unit
            logs = [
                exponent.union((x * unit - lse) * unit) if x > -inf else exponent
                for x, exponent in zip(distinct, logs, strict=True)
            ]
    else:
        logs = [(d - log_mass) * arithmetic.stored for d in shifted]
    return of_each(logs if logarithms else [value.exp() + lost for value in logs])
