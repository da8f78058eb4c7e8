"""What stands around the rows of a batch: which of them are ignored, and the upstream gradient."""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import floor, log2

import numpy as np

from gradcert.core.case import Case
from gradcert.core.shares import counted, weights_of
from gradcert.generation.scope import Scope
from gradcert_implementations import Array, Reduction
from gradcert_oracle import IDENTITY_GRADIENT

__all__ = [
    "ALMOST_ALL",
    "PLAIN",
    "Context",
    "Ignored",
    "Upstream",
    "drawn_context",
    "ignored_rows",
    "in_context",
    "is_plain",
    "upstream_gradients",
]


class Ignored(StrEnum):
    """Which rows of a batch are ignored."""

    NONE = "none"
    SOME = "some"
    ALL_BUT_ONE = "all but one"
    ALL = "all"


class Upstream(StrEnum):
    """What the upstream gradient looks like."""

    ONES = "ones"
    NEGATIVE = "negative"
    UNLIKE = "unlike from row to row"
    ONES_AND_OTHERS = "one in the first row, and unlike in some"
    ZERO = "zero"
    TINY = "tiny"
    HUGE = "huge"


_OF_EACH_ROW = (Upstream.UNLIKE, Upstream.ONES_AND_OTHERS)
"""What one number for all rows cannot look like."""


ALMOST_ALL = (Ignored.ALL_BUT_ONE, Ignored.ALL)
"""What leaves at most one row that counts."""


@dataclass(frozen=True)
class Context:
    """What stands around the rows of a batch."""

    ignored: Ignored = Ignored.NONE
    upstream: Upstream = Upstream.ONES

    @property
    def is_thin(self) -> bool:
        """Whether almost every value is zero, whatever stands in the rows."""
        return self.ignored in ALMOST_ALL or self.upstream is Upstream.ZERO


PLAIN = Context()
"""Every row counts, and the upstream gradient is one."""


def ignored_rows(scope: Scope) -> tuple[Ignored, ...]:
    """Return which rows may be ignored, the plainest first."""
    return tuple(Ignored) if scope.loss.ignore_index is not None else (Ignored.NONE,)


def upstream_gradients(scope: Scope) -> tuple[Upstream, ...]:
    """Return what an upstream gradient may look like, the plainest first."""
    if not scope.upstream:
        return (Upstream.ONES,)
    one_for_all = scope.loss.reduction is not Reduction.NONE
    return tuple(one for one in Upstream if not (one_for_all and one in _OF_EACH_ROW))


def is_plain(scope: Scope) -> bool:
    """Return whether nothing but the plain context may stand around a batch."""
    return len(ignored_rows(scope)) == len(upstream_gradients(scope)) == 1


def drawn_context(scope: Scope, number: int) -> tuple[Context, np.random.Generator]:
    """Return one of 64 contexts of a scope, with what its numbers come from; zero is the plain one.

    A search draws the number, and so shrinks to the plain context if that shows an error too.
    """
    generator = np.random.default_rng(number)
    if not number:
        return PLAIN, generator
    ignored, upstream = ignored_rows(scope), upstream_gradients(scope)
    chosen = Context(
        ignored[generator.integers(len(ignored))], upstream[generator.integers(len(upstream))]
    )
    return chosen, generator


_ANYTHING = (np.nan, np.inf, -np.inf)
"""What an ignored row may hold, where so claimed."""

_FEW_ROWS = 16
"""The most rows of which a quarter are ignored; of more it is about half."""


def _anything(rows: Array, generator: np.random.Generator) -> Array:
    """Return rows in which one number is not finite, or all are -inf, or of any such kind."""
    kinds = generator.integers(2 + len(_ANYTHING), size=len(rows))
    places = generator.integers(rows.shape[1], size=len(rows))
    changed = rows.copy()
    for kind, number in enumerate(_ANYTHING):
        some = kinds == kind
        changed[some, places[some]] = number
    changed[kinds == len(_ANYTHING)] = -np.inf
    mixed = kinds > len(_ANYTHING)
    changed[mixed] = generator.choice(_ANYTHING, (int(mixed.sum()), rows.shape[1]))
    return changed


def _hidden(which: Ignored, rows: int, generator: np.random.Generator) -> Array:
    """Return which rows are ignored."""
    order = generator.permutation(rows)
    match which:
        case Ignored.NONE:
            hidden = order[:0]
        case Ignored.SOME:  # Few rows are unlike, and each shows something.
            hidden = order[: rows // 2 if rows > _FEW_ROWS else -(-rows // 4) * (rows > 1)]
        case Ignored.ALL_BUT_ONE:
            hidden = order[1:]
        case Ignored.ALL:
            hidden = order
    found = np.zeros(rows, bool)
    found[hidden] = True
    return found


def _with_ignored(case: Case, which: Ignored, scope: Scope, generator: np.random.Generator) -> Case:
    """Return the case with some rows that have no target, and perhaps no numbers either."""
    hidden = _hidden(which, case.rows, generator)
    if not hidden.any():
        return case
    targets, point = case["targets"].copy(), case.point.copy()
    targets[hidden] = 0
    if scope.anything:
        changed = hidden & (generator.random(case.rows) < 0.5)
        point[changed] = _anything(point[changed], generator)
    name = next(iter(case.arguments))
    regimes = tuple(
        replace(regime, targets="ignored") if gone else regime
        for regime, gone in zip(case.regimes, hidden, strict=True)
    )
    return replace(case, arguments={name: point, "targets": targets}, regimes=regimes)


def _most(case: Case, scope: Scope) -> float:
    """Return an upstream gradient under which no partial product exceeds a quarter of the range.

    What differentiates ``c tanh(u / c)`` multiplies by c first, and what differentiates
    ``zeta L**2`` may multiply by ``2 L`` before zeta. A mean over weights may divide by less than
    one before it multiplies by a weight. The gradient of half a squared error is as large as a
    logit.
    """
    loss, count = scope.loss, counted(scope.loss, case)
    divisors = [float(one) for one in (count.divisor, count.z_divisor) if one]
    heaviest = float(np.abs(case["targets"].astype(np.float64)).sum(axis=1).max(initial=0.0)) + 1
    weights = weights_of(loss, case.classes) or (1.0,)
    steepest = max(1.0, abs(loss.multiplier)) * max(1.0, loss.logit_scale) * max(1.0, *weights)
    steepest *= max(1.0, loss.softcap or 0.0) / min((1.0, *divisors))
    if loss.output == IDENTITY_GRADIENT.output:
        heaviest += scope.largest
    if loss.z_loss:
        maxima = np.abs(case.point.astype(np.float64).max(axis=1))
        largest = float(maxima[np.isfinite(maxima)].max(initial=0.0))
        here, anywhere = (loss.logit_scale * one + 16 for one in (largest, scope.largest))
        heaviest += 2 * max(here, loss.z_loss * anywhere)
    return scope.format.max / (16 * steepest * heaviest)


def _numbers(
    kind: Upstream, shape: tuple[int, ...], case: Case, scope: Scope, generator: np.random.Generator
) -> Array:
    """Return an upstream gradient of a kind. Beside the divisor of a mean it is of normal size.

    Else the gradients of a mean over many rows were subnormal numbers in 16 bits, which hide every
    error.
    """
    most = _most(case, scope)
    divisor = max(1.0, float(counted(scope.loss, case).divisor))
    usual = min(2.0 ** floor(log2(divisor)), 2.0 ** floor(log2(most)))
    between = generator.uniform(0.5, 2.0, shape)
    match kind:
        case Upstream.ONES:
            narrow = scope.format.precision < 16 and divisor > 64
            return np.full(shape, usual if narrow else 1.0)
        case Upstream.NEGATIVE:
            negative: Array = -between * usual / 2
            return negative
        case Upstream.UNLIKE | Upstream.ONES_AND_OTHERS:
            sizes = np.exp2(generator.uniform(-3, 3, shape)) * min(usual, most / 8)
            numbers = np.where(generator.random(shape) < 0.5, -sizes, sizes)
            if kind is Upstream.ONES_AND_OTHERS and min(shape, default=0):
                ones = generator.random(shape) < 0.5
                ones[0] = True
                numbers[ones] = 1
            return numbers
        case Upstream.ZERO:
            return np.zeros(shape)
        case Upstream.TINY:
            tiny: Array = between * usual * 2.0 ** -(scope.format.precision / 2)
            return tiny
        case Upstream.HUGE:
            huge: Array = np.where(generator.random(shape) < 0.5, -most, most) * between / 2
            return huge


def in_context(case: Case, context: Context, scope: Scope, generator: np.random.Generator) -> Case:
    """Return a case of plain rows in a context.

    Parameters
    ----------
    case
        Its rows count, and it has no upstream gradient.
    context
        What stands around its rows.
    scope
        What the case is for.
    generator
        What numbers are drawn from.
    """
    if scope.loss.ignore_index is not None:
        case = _with_ignored(case, context.ignored, scope, generator)
    if not scope.upstream:
        return case
    shape = () if scope.loss.reduction is not Reduction.NONE else (case.rows,)
    numbers = _numbers(context.upstream, shape, case, scope, generator)
    return replace(case, upstream=np.asarray(numbers, dtype=scope.format.dtype))
