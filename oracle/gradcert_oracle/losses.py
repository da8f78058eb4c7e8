r"""The options of a loss, and what one row counts in the loss of a batch.

For one row with logits z, targets t and K classes, the loss with all its options is

.. math::
   u_k &= c \tanh(s z_k / c) \quad (u_k = s z_k \text{ where } c = \infty), \qquad
   L = \ln \sum_k e^{u_k}, \\
   a_k &= w_k ((1 - e') t_k + e' / K), \qquad C = \sum_k a_k (L - u_k), \\
   F &= M \, g \, (C / D + \zeta L^2 / D_z) .

:class:`Loss` has s, c, e, w, zeta and M; :class:`Share` has g, D and D_z. The smoothing e' is e, or
``e K / (K - 1)`` where the share goes to the other classes only. The textbook loss is the special
case ``F = sum_k t_k (L - z_k)``.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import inf, isfinite

__all__ = ["PLAIN_SHARE", "TEXTBOOK_LOSS", "Loss", "Share", "SmoothingOver"]


class SmoothingOver(StrEnum):
    """The classes that label smoothing shares the target with."""

    ALL = "all"
    OTHERS = "others"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The options that say which loss is meant. Every number is taken as exact.

    Attributes
    ----------
    output
        How the logits become outputs: ``softmax``, ``sigmoid`` or ``identity``. The loss is the
        cross-entropy of a softmax, the binary cross-entropy of sigmoids, or half the squared error
        of the logits themselves.
    label_smoothing
        The share e of a target that is given to other classes, at least 0 and below 1.
    smoothing_over
        Whether it is given to ``all`` classes, or to the ``others`` only.
    class_weights
        One factor w_k for each class; None for ones.
    logit_scale
        The factor s of each logit, above zero.
    softcap
        The bound c of each scaled logit, ``c tanh(s z / c)``; infinite for none.
    z_loss
        The factor zeta of the squared log-sum-exp.
    multiplier
        The factor M of the whole loss.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> Loss().is_plain, Loss(label_smoothing=0.1).is_plain
    (True, False)
    >>> Loss(softcap=0.0)
    Traceback (most recent call last):
    ValueError: softcap is 0.0: it must be above zero, and is inf for none
    """

    output: str = "softmax"
    label_smoothing: float = 0.0
    smoothing_over: str = SmoothingOver.ALL
    class_weights: tuple[float, ...] | None = None
    logit_scale: float = 1.0
    softcap: float = inf
    z_loss: float = 0.0
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"label_smoothing is {self.label_smoothing}: it must be at least 0 and below 1"
            )
        if self.smoothing_over not in set(SmoothingOver):
            raise ValueError(
                f"smoothing_over is {self.smoothing_over!r}: it must be "
                f"{' or '.join(map(repr, map(str, SmoothingOver)))}"
            )
        if not 0 < self.logit_scale < inf:
            raise ValueError(f"logit_scale is {self.logit_scale}: it must be above zero and finite")
        if not self.softcap > 0:
            raise ValueError(
                f"softcap is {self.softcap}: it must be above zero, and is inf for none"
            )
        for name, numbers in (
            ("z_loss", (self.z_loss,)),
            ("multiplier", (self.multiplier,)),
            ("class_weights", self.class_weights or ()),
        ):
            wrong = [number for number in numbers if not isfinite(number)]
            if wrong:
                raise ValueError(f"{name} must be finite, not {wrong[0]}")

    @property
    def rescales(self) -> bool:
        """Whether the softmax is one of other numbers than the logits."""
        return self.logit_scale != 1 or self.softcap < inf

    @property
    def is_plain(self) -> bool:
        """Whether no option is on: the loss is the textbook's, for any output."""
        return (
            self.label_smoothing == 0
            and self.class_weights is None
            and not self.rescales
            and self.z_loss == 0
            and self.multiplier == 1
        )


TEXTBOOK_LOSS = Loss()
"""The cross-entropy of a softmax, without any option."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one row counts in the loss of a batch.

    Attributes
    ----------
    upstream
        The upstream gradient g of the row.
    divisor
        What the row's cross-entropy is divided by, D.
    z_divisor
        What its z-loss is divided by.
    kept
        Whether the row counts. If not, all its values are exactly zero, and neither its logits nor
        its targets are looked at.

    Raises
    ------
    ValueError
        If the upstream gradient is not finite, or a row that counts is divided by zero.

    Examples
    --------
    >>> Share(upstream=-0.5, divisor=Fraction(3)).kept
    True
    >>> Share(divisor=Fraction(0))
    Traceback (most recent call last):
    ValueError: a row that is kept cannot be divided by 0
    """

    upstream: float = 1.0
    divisor: Fraction = Fraction(1)
    z_divisor: Fraction = Fraction(1)
    kept: bool = True

    def __post_init__(self) -> None:
        if not isfinite(self.upstream):
            raise ValueError(f"an upstream gradient must be finite, not {self.upstream}")
        if self.kept and not (self.divisor and self.z_divisor):
            raise ValueError("a row that is kept cannot be divided by 0")


PLAIN_SHARE = Share()
"""The share of a row in a loss without a reduction, under an upstream gradient of one."""
