"""The exponential is wrong on an interval of width 1, anywhere from -40 to 0."""

from collections.abc import Callable

import numpy as np

from families.member import Drawn, Example, Family, gradient, rows_of_zeros
from gradcert_implementations import Array

__all__ = ["FAMILIES"]

_FROM = -40.0
_LEAST = 0.01
"""The smallest error: a part of the exponential, or of the row's largest one."""


def _interval(generator: np.random.Generator, wrong: Callable[[Array], Array], words: str) -> Drawn:
    low = float(generator.uniform(_FROM, -1))

    def power(exponents: Array) -> Array:
        found: Array = np.exp(exponents)
        return np.where((exponents >= low) & (exponents < low + 1), wrong(found), found)

    def example() -> Example:
        found = rows_of_zeros(1, 2)
        found.logits[:, 1] = low + 0.5
        return found

    return Drawn(
        f"exp(d) is {words} from d = {low:.2f} to {low + 1:.2f}",
        lambda z, t: gradient(z, t, power=power),
        example,
    )


def _factor(generator: np.random.Generator) -> Drawn:
    size = np.exp(generator.uniform(np.log(_LEAST), np.log(2)))
    factor = np.float32(np.exp(size if generator.integers(2) else -size))
    return _interval(generator, lambda powers: powers * factor, f"multiplied by {factor:.4g}")


def _absolute(generator: np.random.Generator) -> Drawn:
    error = np.float32(np.exp(generator.uniform(np.log(_LEAST), 0)))
    if generator.integers(2):
        return _interval(generator, lambda powers: powers + error, f"too large by {error:.4g}")
    return _interval(generator, lambda powers: np.full_like(powers, error), f"{error:.4g}")


FAMILIES = (
    Family("exponential-times-a-factor", _factor, size=40, wanted=0.99),
    Family("exponential-by-an-amount", _absolute, size=40, wanted=0.99),
)
