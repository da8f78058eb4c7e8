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
from gradcert_oracle.losses import TEXTBOOK_LOSS, Loss
from gradcert_oracle.rows import Row, lookup, worth_grouping
from gradcert_oracle.sums import SUMMATIONS, Summation, of_equal_terms

__all__ = [
    "LEVELS",
    "Algorithm",
    "Arithmetic",
    "Softmax",
    "Values",
    "algorithms",
    "capped",
    "points",
    "rounding",
    "softmax",
    "softmax_of",
]

LEVELS = ("wide", "shifted", "log-softmax", "log-sum-exp")
"""The textbook algorithms, from the best to the worst."""

_STORING = LEVELS[2]


@dataclass(frozen=True)
class Algorithm:
    """A textbook algorithm: its level says how it computes a probability, then how it sums.

    Attributes
    ----------
    level
        ``faithful``, ``wide``, ``shifted``, ``log-softmax`` or ``log-sum-exp``.
    summation
        ``pairwise`` or ``sequential``.

    Examples
    --------
    >>> str(Algorithm("shifted", "pairwise")), str(Algorithm("shifted", "sequential"))
    ('shifted', 'shifted, sequential sum')
    """

    level: str
    summation: str

    @property
    def stores(self) -> bool:
        """Whether it stores log-probabilities, in the format of the answer."""
        return self.level == _STORING

    def __str__(self) -> str:
        return self.level if self.summation == "pairwise" else f"{self.level}, {self.summation} sum"


_ALGORITHMS = tuple(Algorithm(level, summation) for level in LEVELS for summation in SUMMATIONS)


def algorithms(format: Format) -> list[Algorithm]:
    """Return the algorithms that may explain a value in this format, from the best to the worst.

    Returns
    -------
    The levels of the format, each with a pairwise and with a sequential sum.

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
    flushed
        The most that a value may lose to underflow where it is stored in the format of the answer.
    weighed
        A ball around one: the rounding of class weights that are no numbers of the format.
    """

    total: Summation
    lost: arb
    stored: arb
    flushed: float = 0.0
    weighed: arb = arb(1)


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
    lost
        What underflow may cost a value beside the last operation.
    """

    plain: list[arb]
    mirrored: dict[int, arb]
    sizes: list[arb]
    lost: arb = arb(0)


class Softmax(NamedTuple):
    """What an algorithm computes of a row of logits.

    Attributes
    ----------
    values
        The probability of each logit, or its logarithm.
    shift, mass
        What is subtracted from each rescaled logit, and the sum of the exponentials of the rest.
    points
        The rescaled logits; empty where they are the logits themselves.
    """

    values: list[arb]
    shift: arb
    mass: arb
    points: list[arb]

    def log_sum(self) -> arb:
        """Return ``ln sum_k exp(u_k)``, where each term and their sum are rounded once."""
        return (self.shift * rounding() + self.mass.log()) * rounding()


def rounding() -> arb:
    """Return a ball around one: a rounding at the working precision."""
    return arb(1, 2.0**-ctx.prec)


def capped(loss: Loss, z: Sequence[float], lost: arb) -> list[arb]:
    """Return ``s z_k / c``, whose hyperbolic tangent a softcap takes."""
    ratio = (arb(loss.logit_scale) + 0) / arb(loss.softcap) * rounding() * rounding()
    return [x * ratio + lost for x in z]


def points(loss: Loss, z: Sequence[float], lost: arb) -> list[arb]:
    """Return ``c tanh(s z_k / c)``, or ``s z_k``. A number of the format itself is not rounded."""
    if loss.softcap < inf:
        softcap = arb(loss.softcap) * rounding()
        return [softcap * x.tanh() for x in capped(loss, z, lost)]
    scale = arb(loss.logit_scale) + 0
    return [x * scale if x > -inf else arb(x) for x in z]


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
    return softmax_of(TEXTBOOK_LOSS, z, level, arithmetic, logarithms=logarithms).values


def softmax_of(
    loss: Loss, z: Row, level: str, arithmetic: Arithmetic, *, logarithms: bool = False
) -> Softmax:
    """Return the softmax of the logits that a loss rescales, as the algorithm computes it.

    An exponent of scaled logits has a second rounding, because a run may shift before it scales.
    The middle of the ball of the largest rescaled logit serves as the shift, because a softmax does
    not depend on what it is shifted by.
    """
    lost, unit = arithmetic.lost, rounding()
    distinct: Sequence[float] = list(dict.fromkeys(z))
    which: list[int] = []
    if worth_grouping(len(distinct), len(z)):
        which = lookup(distinct, range(len(distinct)), z)
    else:
        distinct = z

    def of_each(values: list[arb]) -> list[arb]:
        return list(map(values.__getitem__, which)) if which and values else values

    moved: Sequence[float | arb] = distinct
    rescaled: list[arb] = []
    largest, exponent_unit = arb(max(z)), unit
    if loss.rescales:
        moved = rescaled = points(loss, distinct, lost)
        largest, exponent_unit = rescaled[distinct.index(max(z))].mid(), unit * unit
    shifted = [
        (u - largest) * exponent_unit if x > -inf else -arb(inf)
        for x, u in zip(distinct, moved, strict=True)
    ]
    powers = [d.exp() + lost for d in shifted]
    # Sums of few bits may be exact here, and not in a run that shifts by another number.
    few = ctx.prec // 2
    short = {x for x, power in zip(distinct, powers, strict=True) if 0 < power.bits() <= few}
    if sum(map(z.count, short)) > 1:
        mass = of_equal_terms(arithmetic.total, powers, of_each)
    else:
        mass = arithmetic.total(of_each(powers), ())[0]
    rescaled = of_each(rescaled)
    if level in ("wide", "shifted") and not logarithms:
        return Softmax(of_each([power / mass + lost for power in powers]), largest, mass, rescaled)
    log_mass = mass.log()
    if level == "log-sum-exp":
        logs = [u - (largest + log_mass) for u in moved]
        with ctx.workprec(2 * ctx.prec + 64):  # With powers of two, each number is rounded once.
            lse = (largest + log_mass) * unit
            logs = [
                exponent.union((u * unit - lse) * unit) if x > -inf else exponent
                for x, u, exponent in zip(distinct, moved, logs, strict=True)
            ]
    else:
        logs = [(d - log_mass) * arithmetic.stored for d in shifted]
    values = logs if logarithms else [log.exp() + lost for log in logs]
    return Softmax(of_each(values), largest, mass, rescaled)
