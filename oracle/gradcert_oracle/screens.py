r"""What a quantity knows of a batch of rows beside its textbook.

The judge encloses each value of each row in a ball. A *screen* asks less and does it for a whole
batch at once: a reference whose error is proved, a lower bound of the budgets, and a crude upper
bound of them. :mod:`~gradcert_oracle.acceptance` has the argument.

The crude upper bound of the budgets. Arb's balls are narrow as well as right: an operation widens
its ball by about one unit in the last place, 2 u of its value. This is not proved here; w = 4 u
allows for twice that, and tests compare with the budgets themselves. Nothing that is accepted
depends on it but whether a level is void. With depth ``D = ceil(log2 n)``, ``H = sum_k o_k |d_k|``,
and a the format's loss to underflow:

- an exponent has the radius ``(u + 2 w) |d|`` = ``9 u |d|``. For intermediates of at least 24 bits
  and where the power is not zero, that is below 1/100, so the power has a radius below
  ``(w + 10 u |d|) e^d + a``, at most ``P = w + 4 u + a`` beside the largest power, because
  ``|d| e^d < 0.37``;
- the sum of the powers has a relative radius below ``s = w + 10 u H + n a + 1.1 D w``;
- a probability, beside the largest one, below ``1.5 (P + s + w + n a)`` for s < 1/8;
- ``o_j T``, ``o_j T - t_j``, ``o_i o_j``, beside the scale of the row: that, plus ``(D + 4) w``,
  and twice where two probabilities are multiplied. The complement's form adds the sum of the
  others, below ``1.5 (2 s + w) + 2 D w``. A sum of targets of both signs has the radius of the sum
  of their sizes, or its own, whose terms are no larger: both are below ``D w W``;
- the loss, beside ``sum_j |t_j| (1 - ln o_j)``: the logarithm of S has the radius 1.4 s, a term
  ``t_j (d_j - ln S)`` has in addition ``12 w |term|``, and their sum has ``D w`` more.

All are below ``2 (2 P + 4 s + (3 D + 20) w + 2 n a)``, and the sizes add ``4 u``. Where a
log-probability l is stored with a rounding of v <= 2^-8, the exponent has the radius ``v |l|``
more, with ``|l| = |d| + ln S``, and the power is larger by at most ``e^{v |l|}``, below 1.2 for
``|d| <= 32``. A probability then has, beside the largest one, at most ``1.2 v (0.4 + ln S)`` more,
and the sum of the others ``1.2 v (H + ln S)``. Twice 1.3 of the sum of both covers all of the
values above; the loss has ``v E`` more.

Of rescaled logits an exponent is off by more. With the ball of u_k at most ``k u |u_k|`` wide, and
``|u_k| <= |m| + |d_k|``, and one more rounding of the exponent, that is at most ``E + (k + 6) u
|d_k|``, with E for the largest. E counts in each power and in S. It is below 1/200, so 1.1 E covers
the products. The rest counts as ``9 u |d|`` does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcert_oracle.batches import Batch
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import Array, Pair

__all__ = ["Reference", "Screen", "log_sum_at_most", "textbook_at_most"]


@dataclass(frozen=True)
class Reference:
    """The values of a batch in a wider arithmetic.

    Attributes
    ----------
    values
        An array of the shape of an answer.
    error
        A bound of the error of each value; it broadcasts to that shape. It is at least two units of
        the arithmetic times the sizes of the value's terms.
    scale
        The scale of each row, see :func:`~gradcert_oracle.budgets.scale`, to a part in 2^-20.
    lost
        What underflow may cost a value of each row. It is part of the error.
    """

    values: Pair
    error: Array
    scale: Array
    lost: Array


def _loose(batch: Batch) -> tuple[Array | float, int]:
    """Return E and K: a rescaled exponent is off by at most ``E + K u |d|`` more than another."""
    rescaled = batch.rescaled
    return (0.0, 0) if rescaled is None else (1.1 * rescaled.loose, 6 + rescaled.widest)


def _mass_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a bound of the radius of the ball of S, relative to S, if it is below 1/8."""
    unit, classes = rounding.unit, batch.classes
    loose, more = _loose(batch)
    # The weighted drop omits terms below 746 e^-32, at most one for each class.
    drop = batch.weighted_drop + classes * 1e-11
    depth = (classes - 1).bit_length()
    mass: Array = (10 + 1.1 * more) * unit * drop + loose
    return mass + (4 + 4.4 * depth) * unit + classes * rounding.lost


def textbook_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a part of each row's scale, that no budget of the softmax exceeds but for underflow.

    It is infinite where the level may well be void.
    """
    classes = batch.classes
    unit, lost = rounding.unit, rounding.lost
    width = 4 * unit
    depth = (classes - 1).bit_length()
    loose, more = _loose(batch)
    mass = _mass_at_most(batch, rounding)
    power = width + (4 + 0.4 * more) * unit + lost + loose
    rest = (3 * depth + 20) * width + 2 * classes * lost
    most: Array = 2 * (2 * power + 4 * mass + rest) + 4 * unit
    if rounding.stored:
        drop = batch.weighted_drop + classes * 1e-11
        most = most + 2.6 * rounding.stored * (1 + drop + 2 * batch.log_mass.head)
    return np.where((mass < 1 / 8) & (np.asarray(loose) < 1 / 200), most, np.inf)


def log_sum_at_most(batch: Batch, rounding: Rounding) -> Array:
    """Return a bound of the radius of the ball of L, where :func:`textbook_at_most` is finite.

    The logarithm of S has the radius 1.4 s. With w = 4 u, the largest logit, the sum and the
    logarithm are off by at most ``2 w`` of the sizes of both terms, twice.
    """
    radius: Array = 1.5 * _mass_at_most(batch, rounding) + 16 * rounding.unit * batch.log_size
    return radius


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What a quantity knows of a batch of rows.

    Attributes
    ----------
    reference
        Its values, with a bound of their errors.
    budget_at_least
        A lower bound of each budget of the textbook algorithm that rounds like this, without the
        loss to underflow at the end. The docstring of each says which operations of the textbook
        it counts. It is computed from the reference, with a relative error below 2^-21.
    budget_at_most
        A part of the scale of each row that no such budget exceeds, but for underflow.
    arguments
        What the batch is made of, given the quantity's arguments by name.
    """

    reference: Callable[[Batch], Reference]
    budget_at_least: Callable[[Batch, Rounding], Array]
    budget_at_most: Callable[[Batch, Rounding], Array] = textbook_at_most
    arguments: Callable[[Mapping[str, Array]], dict[str, Array]] = dict
