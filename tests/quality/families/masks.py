"""A row is wrong because of the logits in it that are -inf."""

from collections.abc import Callable

import numpy as np

from families.faults import drawn_fault
from families.member import Drawn, Example, Family, gradient, log_uniform, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_BLOCK = 2000
"""The classes of the largest block of a kernel that reads a row in blocks."""


def _masked(
    generator: np.random.Generator,
    when: str,
    wrong: Callable[[Array], Array],
    hidden: tuple[int, slice],
    *,
    one_is_left: bool = False,
) -> Drawn:
    """Return a gradient that is wrong in a drawn way.

    Parameters
    ----------
    generator
        What the fault is drawn from.
    when
        When it is wrong, in words.
    wrong
        From which numbers are masked to which rows are wrong.
    hidden
        The classes of an example, and those of them that are masked.
    one_is_left
        Whether one class is not masked, so that the gradient is zero.
    """
    fault = drawn_fault(generator, of_zero=one_is_left)

    def function(z: Array, t: Array) -> Array:
        found, chosen = gradient(z, t), wrong(np.isneginf(z))
        found[chosen] = fault.of(found[chosen], t[chosen])
        return found

    def example() -> Example:
        classes, masked = hidden
        kept = np.ones(classes, bool)
        kept[masked] = False
        found = rows_of_zeros(1, classes, int(np.flatnonzero(kept)[0]))
        found.logits[:, masked] = -np.inf
        found.logits[:, np.flatnonzero(kept)[-1]] = 1
        return found

    return Drawn(f"{when}: the gradient is {fault.words}", function, example)


def _block(generator: np.random.Generator) -> Drawn:
    block = log_uniform(generator, 2, _BLOCK)
    if generator.integers(2):
        return _masked(
            generator,
            f"the first {block} of more classes are masked",
            lambda hidden: hidden[:, :block].all(axis=1) & (hidden.shape[1] > block),
            (block + 2, slice(block)),
        )

    def wrong(hidden: Array) -> Array:
        count = hidden.shape[1] // block
        blocks = hidden[:, : count * block].reshape(len(hidden), count, block)
        found: Array = blocks[:, 1:].all(axis=2).any(axis=1)
        return found

    return _masked(
        generator,
        f"a block of {block} classes is masked, and is not the first one",
        wrong,
        (2 * block, slice(block, None)),
    )


def _tail(generator: np.random.Generator) -> Drawn:
    fewest = log_uniform(generator, 1, _BLOCK)
    return _masked(
        generator,
        f"the last {fewest} of more classes are masked",
        lambda hidden: hidden[:, -fewest:].all(axis=1) & (hidden.shape[1] > fewest),
        (fewest + 2, slice(2, None)),
    )


def _all_but_few(generator: np.random.Generator) -> Drawn:
    kept = int(generator.integers(1, 4))
    fewest = log_uniform(generator, kept + 1, _BLOCK)

    def wrong(hidden: Array) -> Array:
        few = (~hidden).sum(axis=1) == kept
        return few & hidden.any(axis=1) & (hidden.shape[1] >= fewest)

    return _masked(
        generator,
        f"rows of {fewest} classes or more, all masked but {kept}",
        wrong,
        (fewest, slice(kept, None)),
        one_is_left=kept == 1,
    )


def _many(generator: np.random.Generator) -> Drawn:
    fewest = log_uniform(generator, 1, _BLOCK)
    return _masked(
        generator,
        f"{fewest} classes or more are masked",
        lambda hidden: hidden.sum(axis=1) >= fewest,
        (fewest + 2, slice(1, fewest + 1)),
    )


FAMILIES = (
    Family("masked-block", _block),
    Family("masked-tail", _tail),
    Family("masked-all-but-few", _all_but_few),
    Family("masked-many", _many),
)
