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

A budget is void, and nothing passes by it, on a row where it exceeds a quarter of the row's scale
for any value: an ``lse`` near 1e4 rounded to 8 bits says nothing about the gradient.

Where two classes of equal logit and target change places, an algorithm computes the same: the
budget at the first place of such classes serves them all, where there are enough of them.
"""

import functools
from collections.abc import Sequence
from math import exp, fsum, log

from flint import arb, ctx

from gradcert_oracle.formats import BINARY32, Format
from gradcert_oracle.precision import Row, first_places, worth_grouping
from gradcert_oracle.sums import SUMMATIONS
from gradcert_oracle.textbook import Algorithm, Arithmetic, values

__all__ = ["budgets", "scale"]


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
    whole = fsum([exp(x - largest) for x in first])
    if quantity in ("softmax", "do/dz"):
        return 1 / whole
    aimed_at = [(x, target) for x, target in zip(first, t, strict=True) if target]
    mass = fsum([abs(target) for _, target in aimed_at])
    if quantity == "loss":
        return mass + fsum([target * (largest - x + log(whole)) for x, target in aimed_at])
    sizes = [exp(x - largest) / whole * mass + abs(target) for x, target in aimed_at]
    return max([mass / whole, *sizes])


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
    arithmetic = Arithmetic(
        total=SUMMATIONS[algorithm.summation],
        lost=arb(0, inner.underflow),
        stored=arb(1, 2.0**-format.precision) if stores else arb(1),
    )
    with ctx.workprec(inner.precision):
        computed = values(quantity, first, t, places, algorithm.level, arithmetic)
    with ctx.workprec(64):
        unit, underflow = arb(2.0**-inner.precision), arb(format.underflow)
        radii = list(map(arb.rad, computed.plain))
        for number, form in computed.mirrored.items():
            radii[number] = max(radii[number], form.rad())
        pairs = zip(radii, computed.sizes, strict=True)
        found = [radius + size * unit + underflow for radius, size in pairs]
        if inner is not format:
            outer = arb(2.0**-format.precision)
            stored = zip(found, computed.plain, strict=True)
            found = [budget + abs(value) * outer for budget, value in stored]
        found = list(map(arb.upper, found))
    sizes = list(map(float, found))

    def small_beside(size: float) -> bool:
        return all(map((format.underflow + size / 4).__ge__, sizes))

    # The scale of dE/dz is no less than its largest target, which is sooner told.
    if quantity.startswith("dE/dz") and small_beside(max(map(abs, t))):
        return found
    return found if small_beside(scale(quantity, first, t)) else None


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
    like = first_places(zip(first, t, strict=True) if t else first)
    places = list(dict.fromkeys(like))
    if not worth_grouping(len(places), len(first)):
        places = list(range(len(first)))
    found = [
        _budgets_inside(quantity, first, t, places, format, algorithm, inner) for inner in inside
    ]
    sound = [variant for variant in found if variant is not None]
    if not sound:
        return None
    largest = sound[0] if len(sound) == 1 else list(map(max, zip(*sound, strict=True)))
    if quantity in ("loss", "do/dz") or len(places) == len(first):
        return tuple(largest)
    return tuple(map(dict(zip(places, largest, strict=True)).__getitem__, like))
