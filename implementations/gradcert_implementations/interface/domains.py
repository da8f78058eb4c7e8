"""The domain of an implementation: the arguments for which it claims to be right."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from gradcert_implementations.interface.given import options_of, store_checked
from gradcert_implementations.interface.values import (
    accepts,
    choice,
    flag,
    number,
    optional,
    whole,
)
from gradcert_implementations.names import TARGET_DOMAINS, TargetDomain

__all__ = ["Domain", "Layout"]

_COUNT = "a whole number from 1 up"


class Layout(StrEnum):
    """The shapes in which an implementation gets its rows. n is the number of classes.

    Attributes
    ----------
    ROWS
        Logits of shape (B, n), targets as rows or one label for each row.
    SEQUENCE
        Logits of shape (B, S, n), labels of shape (B, S).
    CHANNELS
        Logits of shape (N, n, d1) and (N, n, d1, d2), labels of shape (N, d1) and (N, d1, d2): the
        classes come second.
    """

    ROWS = "rows"
    SEQUENCE = "sequence"
    CHANNELS = "channels"


@dataclass(frozen=True, kw_only=True, repr=False)
class Domain:
    """The arguments for which an implementation claims to be right.

    Attributes
    ----------
    targets
        ``index`` (each row is one-hot), ``probability`` (each row sums to one), ``any`` (none is
        negative, and a row sums to anything) or ``signed`` (they have any signs, and a row may sum
        to zero or less). Each domain contains those before it. The sizes of the targets of a row
        add up to at most a quarter of the largest number of the format.
    largest_logit
        The answer must be right for all finite logits up to this size. The suite tries larger
        logits too, and the certificate says how far the answers stayed right.
    finite_logits
        Whether no logit may be -inf: a matrix product in front cannot take one. Label smoothing and
        a softcap imply it; see :func:`finite_logits`.
    classes
        The only number of classes that is accepted, of a kernel for one vocabulary. None: any.
    fewest_classes
        The smallest number of classes that is accepted.
    overwrites_logits
        Whether the logits that it is called with hold something else afterwards.
    layout
        The shapes of logits and targets: ``rows``, ``sequence`` or ``channels``.
    ignored_rows_may_hold_anything
        Whether an ignored row may hold NaN, infinities or nothing but -inf, and its gradient is
        still zero.

    Raises
    ------
    ValueError
        For an unknown name, a largest logit that is not positive and finite, a number of classes
        below one, and `fewest_classes` above `classes`.

    Examples
    --------
    >>> Domain(targets="index", classes=50257)
    Domain(targets='index', classes=50257)
    """

    targets: TargetDomain = field(
        default="probability", metadata=accepts(choice(TARGET_DOMAINS, "target domain"))
    )
    largest_logit: float = field(
        default=1e4,
        metadata=accepts(number("a positive finite number, such as 1e4", lambda x: 0 < x < inf)),
    )
    finite_logits: bool = field(default=False, metadata=accepts(flag))
    classes: int | None = field(
        default=None, metadata=accepts(optional(whole(f"{_COUNT}, or None", 1)))
    )
    fewest_classes: int = field(default=1, metadata=accepts(whole(_COUNT, 1)))
    overwrites_logits: bool = field(default=False, metadata=accepts(flag))
    layout: Layout = field(default=Layout.ROWS, metadata=accepts(choice(tuple(Layout))))
    ignored_rows_may_hold_anything: bool = field(default=False, metadata=accepts(flag))

    def __post_init__(self) -> None:
        store_checked(self)
        if self.classes is not None and self.classes < self.fewest_classes:
            raise ValueError(
                f"classes={self.classes} and fewest_classes={self.fewest_classes} leave no number "
                "of classes; leave fewest_classes out"
            )

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in options_of(self).items())
        return f"Domain({given})"
