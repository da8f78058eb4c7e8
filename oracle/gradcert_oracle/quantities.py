"""The quantities an implementation may claim, each as enclosures narrow enough for a format.

Every function takes one row of plain floats and returns one ball a value: the true value lies in
it, and it is narrower than ``2**-guard`` ulp of the format at that value, or of its smallest
subnormal number for what underflows; see :mod:`gradcert_oracle.precision`.

Time is linear in the number of classes (for the Jacobian, in its number of entries). Classes of
equal logit and target have equal values, and their enclosure is computed once.
"""

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress
from math import inf, isfinite, isnan

from flint import arb

from gradcert_oracle.definitions import Step, shares
from gradcert_oracle.differences import (
    Scalar,
    analytic_log,
    analytic_log1p,
    central_differences,
    log_slopes,
)
from gradcert_oracle.elementwise import identity_gradient, sigmoid_gradient
from gradcert_oracle.formats import Format
from gradcert_oracle.precision import GUARD, Enclosures, Row, refine

__all__ = [
    "QUANTITIES",
    "gradient",
    "jacobian",
    "loss",
    "loss_by_probability",
    "softmax",
]


def _check_logits(z: Row) -> None:
    if not z:
        raise ValueError("a row needs at least one class")
    if any(map(isnan, z)) or not isfinite(max(z)):
        raise ValueError("logits must be finite or -inf, and one of them finite")


def _check_targets(t: Row, first: Row, what: str) -> None:
    if len(first) != len(t):
        raise ValueError(f"{len(first)} {what} and {len(t)} targets: need as many of each")
    if not all(map(isfinite, t)):
        raise ValueError("targets must be finite")


def _check(z: Row, t: Row) -> None:
    _check_logits(z)
    _check_targets(t, z, "logits")
    if any(compress(t, map((-inf).__eq__, z))):
        raise ValueError("a logit of -inf needs a target of zero")


@functools.lru_cache(maxsize=64)
def softmax(z: Row, _t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``o_j = exp(z_j) / sum_k exp(z_k)``; the targets play no part.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> print(softmax((0.0, 0.0), (), BINARY64))
    (0.500000000000000, 0.500000000000000)
    """
    _check_logits(z)
    classes = Counter(z)
    logits, counts = list(classes), list(classes.values())

    def evaluate(wide: Sequence[int]) -> list[arb]:
        own = shares(logits, counts).own
        return [own[j] for j in wide]

    found = refine(evaluate, len(logits), format, guard)
    return tuple(map(dict(zip(logits, found, strict=True)).__getitem__, z))


@functools.lru_cache(maxsize=64)
def loss(z: Row, t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``E = -sum_j t_j ln o_j`` (one value).

    Each ``-ln o_j`` is ``-ln(1 - (1 - o_j))`` where class j dominates and
    ``max z - z_j + ln sum_k exp(z_k - max z)`` elsewhere, sums of terms of one sign.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> print(loss((40.0, 0.0), (1.0, 0.0), BINARY64)[0].str(20, radius=False))
    4.2483542552915889863e-18
    """
    _check(z, t)
    classes = Counter(zip(z, t, strict=True))
    logits = [x for x, _ in classes]

    def evaluate(_: Sequence[int]) -> list[arb]:
        whole = shares(logits, list(classes.values()))
        log_mass, largest = analytic_log(whole.mass).real, arb(logits[whole.top])
        total = arb(0)
        for j, ((x, target), count) in enumerate(classes.items()):
            if target and j == whole.dominant:
                total -= target * analytic_log1p(-whole.others).real
            elif target:
                total += (largest - x + log_mass) * target * count
        return [total]

    return refine(evaluate, 1, format, guard)


@functools.lru_cache(maxsize=64)
def loss_by_probability(o: Row, t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``dE/do_j`` of ``E(o, t) = -sum_j t_j ln o_j``, every o_j free and positive.

    The step along coordinate j is ``o_j s``, so that the disc |s| <= 1/2 keeps away from zero, and
    ``ln(o_j (1 + s)) = ln o_j + ln(1 + s)`` has one slope for all of them.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> print(loss_by_probability((0.5, 0.25), (1.0, 0.0), BINARY64)[0].str(20, radius=False))
    -2.0000000000000000000
    """
    if not o:
        raise ValueError("a row needs at least one class")
    if not all(0 < x < inf for x in o):
        raise ValueError("probabilities must be positive and finite")
    _check_targets(t, o, "probabilities")

    def evaluate(wide: Sequence[int]) -> list[arb]:
        (slope,) = central_differences(lambda s: [analytic_log1p(s)], radius=0.5)
        return [-t[j] * slope / o[j] for j in wide]

    return refine(evaluate, len(o), format, guard)


@functools.lru_cache(maxsize=64)
def jacobian(z: Row, _t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``do_i/dz_j``, entry ``i * n + j``; the targets play no part.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> print([entry.str(5, radius=False) for entry in jacobian((0.0, 0.0), (), BINARY64)])
    ['0.25000', '-0.25000', '-0.25000', '0.25000']
    """
    _check_logits(z)
    n = len(z)

    def evaluate(wide: Sequence[int]) -> list[arb]:
        columns = sorted({entry % n for entry in wide})
        whole = shares(z, [1] * n)
        along = [whole.coordinate(j) for j in columns]

        def family(s: Scalar) -> list[Scalar]:
            step = Step.of(s)
            return [
                *(coordinate.own_probability(step) for coordinate in along),
                *(coordinate.other_probability(step) for coordinate in along),
            ]

        slopes = central_differences(family)
        own = dict(zip(columns, slopes[: len(columns)], strict=True))
        other = dict(zip(columns, slopes[len(columns) :], strict=True))
        return [
            own[j] if i == j else whole.own[i] * other[j]
            for i, j in (divmod(entry, n) for entry in wide)
        ]

    return refine(evaluate, n * n, format, guard)


@functools.lru_cache(maxsize=64)
def gradient(z: Row, t: Row, format: Format, guard: int = GUARD) -> Enclosures:
    """Enclose ``dE/dz_j`` of ``E(softmax(z), t)``, for any finite targets.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> [float(slope) for slope in gradient((0.0, 0.0), (1.0, 0.0), BINARY64)]
    [-0.5, 0.5]
    """
    _check(z, t)
    classes = Counter(zip(z, t, strict=True))
    logits, targets = zip(*classes, strict=True)
    counts = list(classes.values())
    aimed_at = [j for j, target in enumerate(targets) if target]

    def evaluate(wide: Sequence[int]) -> list[arb]:
        whole = shares(logits, counts)
        dominant = whole.dominant
        rest = sum([arb(targets[j]) * counts[j] for j in aimed_at if j != dominant], arb(0))
        mass = rest if dominant is None else rest + targets[dominant]
        slopes = log_slopes([whole.own[j] if j != dominant else whole.others for j in wide])
        return [
            rest - mass * slope if j == dominant else mass * slope - targets[j]
            for j, slope in zip(wide, slopes, strict=True)
        ]

    found = refine(evaluate, len(logits), format, guard)
    return tuple(map(dict(zip(classes, found, strict=True)).__getitem__, zip(z, t, strict=True)))


QUANTITIES: dict[str, Callable[..., Enclosures]] = {
    "softmax": softmax,
    "loss": loss,
    "dE/do": loss_by_probability,
    "do/dz": jacobian,
    "dE/dz": gradient,
    "dE/dz, sigmoid": sigmoid_gradient,
    "dE/dz, identity": identity_gradient,
}
"""The oracle's answer for one row, by the name of the quantity; dE/dz for other outputs too."""
