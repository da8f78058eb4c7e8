"""A row is computed in blocks, and the last block or the boundary of two is wrong.

A row of one block is right in every family here.
"""

from collections.abc import Callable

import numpy as np

from families.member import CLASSES, Drawn, Example, Family, gradient, log_uniform, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_MOST = CLASSES // 2
"""A row of some blocks still has no more classes than a vocabulary."""

_VECTOR = 64
_LEADING, _FAR = 20, 200
"""Logits beside zeros: that of a class with most of its row's sum, and one whose exponential is too
large for binary32."""


def _tail(classes: int, block: int) -> int:
    """Return how many classes are left over after the full blocks; 0 in a row of one block."""
    return classes % block if classes > block else 0


def _with_tail(generator: np.random.Generator) -> tuple[int, str]:
    block = log_uniform(generator, 2, _MOST)
    return block, f"rows of more than {block} classes, no multiple of {block}"


def _left_over(block: int, label: int = 0) -> Callable[[], Example]:
    return lambda: rows_of_zeros(1, block + max(1, block // 2), label)


def _dropped(generator: np.random.Generator) -> Drawn:
    block, when = _with_tail(generator)

    def total(powers: Array) -> Array:
        full = powers.shape[1] - _tail(powers.shape[1], block)
        return powers[:, :full].sum(axis=1, keepdims=True)

    return Drawn(
        f"{when}: the sum ends with the last full block",
        lambda z, t: gradient(z, t, total=total),
        _left_over(block),
    )


def _doubled(generator: np.random.Generator) -> Drawn:
    block, when = _with_tail(generator)

    def total(powers: Array) -> Array:
        full = powers.shape[1] - _tail(powers.shape[1], block)
        return (powers.sum(axis=1) + powers[:, full:].sum(axis=1))[:, None]

    return Drawn(
        f"{when}: the sum has the classes after the last full block twice",
        lambda z, t: gradient(z, t, total=total),
        _left_over(block),
    )


def _missing_from_the_maximum(generator: np.random.Generator) -> Drawn:
    block, when = _with_tail(generator)

    def largest(logits: Array) -> Array:
        full = logits.shape[1] - _tail(logits.shape[1], block)
        return logits[:, :full].max(axis=1, keepdims=True)

    def example() -> Example:
        zeros = _left_over(block)()
        zeros.logits[:, -1] = _FAR
        return zeros

    return Drawn(
        f"{when}: the maximum is that of the full blocks",
        lambda z, t: gradient(z, t, largest=largest),
        example,
    )


def _garbage(generator: np.random.Generator) -> Drawn:
    block, when = _with_tail(generator)
    value = float(generator.choice([0, np.nan, np.inf, generator.normal()]))

    def function(z: Array, t: Array) -> Array:
        found = gradient(z, t)
        found[:, z.shape[1] - _tail(z.shape[1], block) :] = value
        return found

    return Drawn(
        f"{when}: {value:.3g} in the classes after the last full block",
        function,
        # Zero is right where a target of one half stands; the label makes it wrong.
        lambda: rows_of_zeros(1, block + 1, block),
    )


def _padding(generator: np.random.Generator) -> Drawn:
    block, when = _with_tail(generator)

    def function(z: Array, t: Array) -> Array:
        tail = _tail(z.shape[1], block)
        absent = np.zeros((len(z), block - tail if tail else 0), z.dtype)
        padded = gradient(np.hstack([z, absent]), np.hstack([t, absent]))
        return np.ascontiguousarray(padded[:, : z.shape[1]])

    return Drawn(
        f"{when}: the row is filled up with logits of zero", function, _left_over(block, block)
    )


def _last_vector(generator: np.random.Generator) -> Drawn:
    width = log_uniform(generator, 1, _VECTOR)
    fewest = log_uniform(generator, width + 1, _MOST)
    faults = "not in the sum", "no target subtracted", "left at zero"
    fault = str(generator.choice(faults))

    def function(z: Array, t: Array) -> Array:
        if z.shape[1] < fewest:
            return gradient(z, t)
        if fault == faults[0]:
            return gradient(z, t, total=lambda p: p[:, :-width].sum(axis=1, keepdims=True))
        found = gradient(z, t)
        found[:, -width:] = found[:, -width:] + t[:, -width:] if fault == faults[1] else 0
        return found

    def example() -> Example:
        found = rows_of_zeros(1, fewest, fewest - 1)
        found.logits[:, -1] = _LEADING
        return found

    return Drawn(f"rows of {fewest} classes or more: the last {width} {fault}", function, example)


def _boundary(generator: np.random.Generator) -> Drawn:
    block = log_uniform(generator, 2, _MOST)
    before = int(generator.integers(2))
    which = str(generator.choice(["first", "last", "each"]))
    faults = "is not in the sum", "is twice in the sum", "has the gradient of the class before"
    fault = str(generator.choice(faults))

    def places(classes: int) -> Array:
        ends = np.arange(block, classes, block) - before
        return {"first": ends[:1], "last": ends[-1:], "each": ends}[which]

    def function(z: Array, t: Array) -> Array:
        at = places(z.shape[1])
        if fault == faults[2]:
            found = gradient(z, t)
            found[:, at] = found[:, at - 1]
            return found
        sign = -1 if fault == faults[0] else 1

        def total(powers: Array) -> Array:
            more = sign * powers[:, at].sum(axis=1, keepdims=True)
            sums: Array = powers.sum(axis=1, keepdims=True) + more
            return sums

        return gradient(z, t, total=total)

    def example() -> Example:
        found = rows_of_zeros(1, block + 1, block - before)
        found.logits[:, block - before] = _LEADING
        return found

    where = "before" if before else "after"
    return Drawn(
        f"rows of more than {block} classes: the class {where} the {which} end of a block of "
        f"{block} {fault}",
        function,
        example,
    )


FAMILIES = (
    Family("tail-dropped", _dropped),
    Family("tail-doubled", _doubled),
    Family("tail-missing-from-the-maximum", _missing_from_the_maximum),
    Family("tail-garbage", _garbage),
    Family("padding-in-the-sum", _padding),
    Family("last-vector", _last_vector),
    Family("block-boundary", _boundary),
)
