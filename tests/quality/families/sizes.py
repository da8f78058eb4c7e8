"""Wrong above or below a number of classes, or a number of rows."""

from collections.abc import Callable

import numpy as np

from families.faults import drawn_fault
from families.member import (
    CLASSES,
    ROWS,
    Drawn,
    Example,
    Family,
    gradient,
    log_uniform,
    rows_of_zeros,
)
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_FEW = 3
"""The classes of the rows of a batch."""

_ALL, _NONE = slice(None), slice(0)


def _uneven(rows: int, classes: int) -> Example:
    """Return rows whose gradient is not symmetric."""
    found = rows_of_zeros(rows, classes)
    found.logits[:, 0] = 1
    return found


def _wrong_rows(
    generator: np.random.Generator, when: str, wrong: Callable[[int, int], slice], shape: list[int]
) -> Drawn:
    """Return a gradient that is wrong in a drawn way.

    Parameters
    ----------
    generator
        What the fault is drawn from.
    when
        When it is wrong, in words.
    wrong
        From the number of rows and of classes to the rows that are wrong.
    shape
        The rows and the classes of an example.
    """
    fault = drawn_fault(generator)

    def function(z: Array, t: Array) -> Array:
        found, chosen = gradient(z, t), wrong(*z.shape)
        found[chosen] = fault.of(found[chosen], t[chosen])
        return found

    return Drawn(f"{when}: the gradient is {fault.words}", function, lambda: _uneven(*shape))


def _classes_above(generator: np.random.Generator) -> Drawn:
    most = log_uniform(generator, 2, CLASSES)
    return _wrong_rows(
        generator,
        f"rows of more than {most} classes",
        lambda _, classes: _ALL if classes > most else _NONE,
        [1, most + 1],
    )


def _classes_below(generator: np.random.Generator) -> Drawn:
    fewest = log_uniform(generator, _FEW, CLASSES)  # The gradient of one class is zero.
    return _wrong_rows(
        generator,
        f"rows of fewer than {fewest} classes",
        lambda _, classes: _ALL if classes < fewest else _NONE,
        [1, fewest - 1],
    )


def _rows_above(generator: np.random.Generator) -> Drawn:
    most = log_uniform(generator, 1, ROWS)
    first = most if generator.integers(2) else 0
    return _wrong_rows(
        generator,
        f"batches of more than {most} rows" + (", the rows beyond" if first else ""),
        lambda rows, _: slice(first, None) if rows > most else _NONE,
        [most + 1, _FEW],
    )


def _rows_below(generator: np.random.Generator) -> Drawn:
    fewest = log_uniform(generator, 2, ROWS)
    return _wrong_rows(
        generator,
        f"batches of fewer than {fewest} rows",
        lambda rows, _: _ALL if rows < fewest else _NONE,
        [fewest - 1, _FEW],
    )


FAMILIES = (
    Family("above-a-number-of-classes", _classes_above),
    Family("below-a-number-of-classes", _classes_below),
    Family("above-a-number-of-rows", _rows_above),
    Family("below-a-number-of-rows", _rows_below),
)
