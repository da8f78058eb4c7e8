r"""The hyperbolic tangent and its derivative, from the exponential.

With ``e = exp(-2 |x|)``:

.. math:: |\tanh x| = \frac{1 - e}{1 + e}, \qquad S = 1 - \tanh^2 x = \frac{4 e}{(1 + e)^2} .

Let x have a relative error of at most two units of the arithmetic. Then e has one of ``E + 4 |x|``
units, with E that of an exponential, beside what underflows. The slope of ``|tanh x|`` by e is ``-2
/ (1 + e)^2``. There ``2 e / (1 + e)^2`` is S / 2, at most 1/2, and ``|x| S`` is below 0.45. So

- the tangent has an *absolute* error of at most E / 2, 0.9 units, and three more, because the
  difference, the sum and the quotient are rounded. E is at least four units, so ``2 E`` is a bound.
  Near zero that is no small part of the tangent, and a softcap does not need it to be: what
  matters of a logit is its distance from another one;
- S has a *relative* error of at most that of e, and five units. Where ``|x| <= 373`` that is ``E``
  and 1497 units. Where x is larger S is zero here, and below 2^-1070 in truth. What underflows
  costs less than ``STEEPNESS_LOST`` = 2^-1066.
"""

from dataclasses import dataclass

import numpy as np

from gradcert_oracle.wider.arithmetic import Wider
from gradcert_oracle.wider.exponentials import DEEPEST, PAIRED_ERROR, PLAIN_ERROR
from gradcert_oracle.wider.pairs import Pair

__all__ = ["STEEPNESS_LOST", "Tangents", "steepness_error", "tangent_error", "tangents"]

STEEPNESS_LOST = 2.0**-1066
"""The most that the derivative may lose to underflow."""


@dataclass(frozen=True)
class Tangents:
    """The hyperbolic tangents of some numbers.

    Attributes
    ----------
    sizes
        ``|tanh x|``.
    steepness
        ``1 - tanh^2 x``.
    """

    sizes: Pair
    steepness: Pair


def tangent_error(wider: Wider) -> float:
    """Return the absolute error of a tangent whose argument has a relative error of two units."""
    return 2 * (PAIRED_ERROR if wider.paired else PLAIN_ERROR)


def steepness_error(wider: Wider) -> float:
    """Return the relative error of a derivative, beside what it loses."""
    power = PAIRED_ERROR if wider.paired else PLAIN_ERROR
    return 1.01 * (power + (5 - 2 * DEEPEST) * wider.unit)


def tangents(x: Pair, wider: Wider) -> Tangents:
    """Return the hyperbolic tangents of numbers, and their derivatives.

    Examples
    --------
    >>> from gradcert_oracle.wider.arithmetic import PLAIN
    >>> found = tangents(Pair(np.array([0.0, -1.0, 400.0])), PLAIN)
    >>> found.sizes.head.round(12).tolist(), found.steepness.head.round(12).tolist()
    ([0.0, 0.761594155956, 1.0], [1.0, 0.419974341614, 0.0])
    """
    power = wider.exp(x.times(np.where(x.head > 0, -2.0, 2.0)))
    one = wider.number(np.ones(x.head.shape))
    below, above = wider.less(one, power), wider.plus(one, power)
    steepness = wider.quotient(power.times(4.0), wider.product(above, above))
    return Tangents(wider.quotient(below, above), steepness)
