r"""Budgets: bounds on what rounding costs a textbook algorithm on one row.

They are computed. Only their limit, a part of the row's scale, is chosen.

The theorem. Run a textbook algorithm in ball arithmetic at the precision of the format under test:
53, 24, 11 or 8 bits. A ball operation whose midpoint is rounded widens its result by one unit in
the last place. So every ball contains the exact value. It also contains the value that a
floating-point run of the same algorithm computes, if each operation of the run errs by at most one
ulp, as correctly rounded arithmetic and a good mathematical library do. Two points of one ball are
at most two radii apart. That is why two budgets are allowed.

A run may round where the ball's midpoint happens to be exact, and then the ball is too small. So
every exponent ``z_j - m`` is charged one rounding: ``exp2((z_j - m) log2(e))``, and a shift by
another number than the largest logit, round it even where the difference is exact. The budget of a
value is the larger radius of the algorithm's equally good forms, plus one rounding of each term,
plus what may underflow. An operation that may underflow also widens its ball by that amount,
because a sum of many lost terms is not small in binary16. Tests run every level in every format and
in all its forms, and check that the runs stay within two budgets.

Targets of both signs have a sum T that may be smaller than they are, and runs round it beside
:math:`W = \sum_k |t_k|`. What a sum loses depends on its order then, and the order of a run is not
known. So the radius of such a sum is at least that of the sum of the sizes, in the same order, and
the one rounding of its product is charged as ``o_j W u``; see :mod:`~gradcert_oracle.sums`. The
terms of the loss are summed in the same way. Where no sign differs, W is ``|T|`` and nothing
changes. The scale of a row, and so the two limits below, are made of sizes too.

The exponent of log-sum-exp may be computed by powers of e or by powers of two. By powers of e, the
ball rounds where a run does: ``lse`` is exact where ``ln S`` is zero, and ``z_j - lse`` is exact
where the two are near. By powers of two, a run rounds there too. With u half a unit in the last
place of 1, its roundings are relative errors of o_j of at most

- ``|z_j| u`` and ``|m| u``: the products ``z_j log2(e)`` and ``m log2(e)``;
- ``|z_j - m| u``: the constant log2(e);
- ``|z_j - m| u`` without a log-sum-exp, ``2 ** (z_j log2(e) - m log2(e))``: the difference;
- ``(lse - m) u``, ``|lse| u`` and ``|z_j - lse| u`` with one, ``2 ** (z_j log2(e) - lse2)``: the
  logarithm of S, the log-sum-exp, and the difference.

So the exponent is charged ``(|z_j| + |lse| + |z_j - lse|) u``, where that is more than the ball's
own radius. Two budgets cover both sums, because ``|m| <= |z_j| + |lse|`` and
``|z_j - m| + (lse - m) = |z_j - lse|``.

A loss has its class weights as they are given. Where one is no number of the format, a run may have
it in the format or in a wider one. So each effective target is charged a rounding of its weight to
the format, and a rounding of the sum of weights that a mean may divide by.

A level is void on a row where the budget of any value exceeds a quarter of the row's scale, and a
void level explains nothing. For example, an ``lse`` near 1e4 that is rounded to 8 bits says nothing
about the gradient. The plain form decides that. The form of the complement adds up all other
classes, so where there are thousands in 8 bits it may be void on its own. Then the budget is that
of the plain form, and the theorem says nothing of runs in the other one.

No budget is larger than 1/32 of the row's scale, so no level lets an error of more than a sixteenth
pass. Where a loss has options, or a row a share of a batch, three units of rounding are added: one
for each product. A budget adds up worst cases, and in 16 bits it may be larger than the gradient:
at (256, 254) in binary16 the budgets of log-sum-exp would allow either sign. The theorem does not
hold for a limited budget. The limit bounds the error and not the level: in bfloat16 the budgets of
right algorithms exceed it on ordinary rows, and their errors do not. A log-probability between -8
and -16 that is stored in bfloat16 is off by up to 1/32, and a loop that adds 40 terms in bfloat16
by 1/21 on the worst of 2,500 rows. Two right algorithms in 16 bits are off by more, and are
refuted: log-sum-exp far from zero, and a loop over hundreds of classes.

So is a third, logits that are scaled or capped in a 16-bit format itself, far from zero. Its
products round u by ``|u| 2^-p``, which in bfloat16 is up to 1/16 between 16 and 32, for each of two
logits. So a share keeps three or four of its eight bits, as with a log-sum-exp that is rounded
there. The level is void on most of these rows. A kernel that scales and caps in binary32 rounds u
far less, and is accepted.

A mean over weights divides by the sum of the weights of the labels. The budgets charge one rounding
of that sum, which is what a sum in a wider format costs. A loop that adds thousands of weights in
the format itself is off by more, and is refuted.

If two classes with equal arguments change places, an algorithm computes the same values. So the
budget of the first such class serves all of them, where there are enough to save time.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flint import arb, ctx

from gradcert_oracle.effective_targets import weighed
from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.questions import Question, enclose
from gradcert_oracle.rows import lookup, worth_grouping
from gradcert_oracle.sums import SUMMATIONS
from gradcert_oracle.textbook import Algorithm, Arithmetic

__all__ = ["RowBounds", "budgets", "row_bounds", "scale"]

_LARGEST = 1 / 32
"""No budget is larger than this part of the row's scale. Two budgets are allowed."""

_VOID = 1 / 4
"""A form is void on a row where a budget would be larger than this part of its scale."""


@functools.lru_cache(maxsize=16)
def scale(question: Question) -> float:
    """Return the typical magnitude of a row's values, beside which budgets are limited or void.

    Each quantity defines its own: for dE/dz it is the largest ``o_k sum_i |t_i| + |t_k|``. The
    scale is a threshold and not a bound. It is computed in binary64, and infinite if it is too
    large for that. A row that does not count has a scale of zero.

    Parameters
    ----------
    question
        The quantity, the row and the format.

    Returns
    -------
    The scale, in the unit of the values.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> scale(question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64))
    1.5
    """
    return question.quantity.scale(question) if question.share.kept else 0.0


@dataclass(frozen=True)
class RowBounds:
    """What rounding costs an algorithm on one row at most, before any limit.

    Attributes
    ----------
    plain
        The bound of each value in the plain form.
    complement
        The bounds in the complement's form where that is another form, by the index of the value.
    lost
        What underflow costs a value at most.
    """

    plain: list[arb]
    complement: dict[int, arb]
    lost: float

    def largest(self) -> list[arb]:
        """Return the larger bound of each value in both forms."""
        bounds = list(self.plain)
        for index, bound in self.complement.items():
            bounds[index] = max(bounds[index], bound)
        return bounds


def row_bounds(
    question: Question, places: Sequence[int], algorithm: Algorithm, inner: Format
) -> RowBounds:
    """Return the bounds of the values at `places` if the intermediates are in the format `inner`.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
    >>> found = row_bounds(asked, range(2), Algorithm("shifted", "pairwise"), BINARY64)
    >>> float(found.plain[0]), float(found.complement[0])
    (2.220446049250313e-16, 2.220446049250313e-16)
    """
    format = question.format
    stores = algorithm.stores and inner is not format
    arithmetic = Arithmetic(
        total=SUMMATIONS[algorithm.summation],
        lost=arb(0, inner.underflow),
        stored=arb(1, 2.0**-format.precision) if stores else arb(1),
        flushed=format.underflow,
        weighed=arb(1, weighed(question.loss, format)),
    )
    with ctx.workprec(inner.precision):
        computed = question.quantity.textbook(question, places, algorithm.level, arithmetic)
    with ctx.workprec(64):
        unit, underflow = arb(2.0**-inner.precision), format.underflow + computed.lost
        charged = [size * unit + underflow for size in computed.sizes]
        if inner is not format:
            outer = arb(2.0**-format.precision)
            stored = zip(charged, computed.plain, strict=True)
            charged = [charge + abs(value) * outer for charge, value in stored]

        return RowBounds(
            [(v.rad() + charge).upper() for v, charge in zip(computed.plain, charged, strict=True)],
            {j: (form.rad() + charged[j]).upper() for j, form in computed.mirrored.items()},
            float(underflow.upper()),
        )


def _none_above(limit: float, bounds: Iterable[arb]) -> bool:
    return all(map(limit.__ge__, map(float, bounds)))


def _budgets_inside(
    question: Question, places: Sequence[int], algorithm: Algorithm, inner: Format
) -> list[arb] | None:
    """Return the budgets if the intermediates are in the format `inner`, or None if it is void."""
    bounds = row_bounds(question, places, algorithm, inner)
    size = question.quantity.scale_at_least(question)
    largest = bounds.largest()
    if _none_above(bounds.lost + _LARGEST * size, largest):
        return largest
    size = scale(question)
    void = bounds.lost * (1 + 2.0**-50) + _VOID * size  # Bounds are rounded.
    if not _none_above(void, bounds.plain):
        return None
    if not _none_above(void, bounds.complement.values()):
        largest = bounds.plain
    # A product with M, with g and with 1/D each round what the limit is about once more.
    plain = question.is_plain and all(part.is_plain for part in question.parts)
    products = 0 if plain else 3
    limit = arb(bounds.lost + (_LARGEST + products * 2.0**-inner.precision) * size)
    return [min(bound, limit) for bound in largest]


@functools.lru_cache(maxsize=16)
def budgets(question: Question, algorithm: Algorithm) -> tuple[arb, ...] | None:
    """Return the budget of each value of a row, or None where the algorithm is void on the row.

    Where an algorithm may have its intermediates in two formats, the larger budget of both counts.
    The values of a row that does not count are exactly zero, and so are their budgets. The
    last 16 results are kept.

    Parameters
    ----------
    question
        The quantity, the row and the format.
    algorithm
        The textbook algorithm; :func:`levels` has those of a format.

    Returns
    -------
    One number for each value, row-major, in the unit of the values.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> asked = question("dE/dz", (0.0, 0.0), (1.0, 0.0), format=BINARY64)
    >>> [float(budget) for budget in budgets(asked, Algorithm("shifted", "pairwise"))]
    [2.220446049250313e-16, 1.1102230246251565e-16]
    """
    format, pooled = question.format, question.quantity.pooled
    if not question.share.kept:
        return enclose(question)
    inside: tuple[Format, ...] = (format,)
    if format.precision < BINARY32.precision:
        inside = {"wide": (BINARY32,), "log-softmax": (BINARY32, format)}.get(
            algorithm.level, inside
        )
    places: Sequence[int] = range(question.classes)
    grouped = pooled and worth_grouping(len(question.kinds), len(places))
    if grouped:
        places = question.kinds
    variants = [_budgets_inside(question, places, algorithm, inner) for inner in inside]
    sound = [variant for variant in variants if variant is not None]
    if not sound:
        return None
    largest = sound[0] if len(sound) == 1 else list(map(max, zip(*sound, strict=True)))
    return tuple(lookup(places, largest, question.equal) if grouped else largest)
