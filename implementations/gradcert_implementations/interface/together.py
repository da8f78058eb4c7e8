"""Where a loss and a domain meet: what one implies for the other, and what they cannot both say."""

from collections.abc import Iterator

from gradcert_implementations.interface.choices import MeanOver, SmoothingOver
from gradcert_implementations.interface.domains import Domain
from gradcert_implementations.interface.losses import Loss
from gradcert_implementations.names import TargetDomain

__all__ = ["check_together", "classes_of", "fewest_classes", "finite_logits", "needed_targets"]

_INDEX: TargetDomain = "index"
"""The targets that are class indices, one label for each row."""


def finite_logits(loss: Loss, domain: Domain) -> bool:
    """Return whether all logits are finite.

    Every class with a share of the target must be: with label smoothing these are all classes.
    Under a softcap a logit of -inf stands for -c by the formula, and some kernels keep it masked.

    Returns
    -------
    True if no logit may be -inf.

    Examples
    --------
    >>> finite_logits(Loss(softcap=30), Domain()), finite_logits(Loss(), Domain())
    (True, False)
    """
    return domain.finite_logits or loss.label_smoothing > 0 or loss.softcap is not None


def classes_of(loss: Loss, domain: Domain) -> int | None:
    """Return the only number of classes that is accepted; None if there are several.

    Returns
    -------
    A number of classes, or None.

    Examples
    --------
    >>> classes_of(Loss(class_weights=[0.5, 2, 1]), Domain())
    3
    """
    if isinstance(loss.class_weights, tuple):
        return len(loss.class_weights)
    return domain.classes


def fewest_classes(loss: Loss, domain: Domain) -> int:
    """Return the smallest number of classes that is accepted.

    Where the other classes share the smoothing, there must be another class.

    Returns
    -------
    A number from one up.

    Examples
    --------
    >>> fewest_classes(Loss(label_smoothing=0.1, smoothing_over="others"), Domain())
    2
    """
    others = loss.smoothing_over is SmoothingOver.OTHERS
    return max(classes_of(loss, domain) or 1, domain.fewest_classes, 2 if others else 1)


def _of_indices(loss: Loss) -> Iterator[str]:
    """Yield the options that have a meaning for class indices only."""
    if loss.ignore_index is not None:
        yield f"ignore_index={loss.ignore_index}"
    for name in ("mean_over", "z_loss_mean_over"):
        if getattr(loss, name) is MeanOver.WEIGHTS:
            yield f"{name}=weights"


def needed_targets(loss: Loss) -> TargetDomain | None:
    """Return the targets without which a loss has no meaning; None if others have one too.

    Returns
    -------
    The name of a target domain, or None.

    Examples
    --------
    >>> needed_targets(Loss(ignore_index=-100)), needed_targets(Loss())
    ('index', None)
    """
    return next((_INDEX for _ in _of_indices(loss)), None)


def _check_classes(loss: Loss, domain: Domain) -> None:
    classes = classes_of(loss, domain)
    if classes is None:
        # A function may return numbers for another number of classes; two numbers show it.
        fewest = fewest_classes(loss, domain)
        for number in (fewest, fewest + 1):
            loss.weights(number)
        return
    if domain.classes not in (None, classes):
        raise ValueError(
            f"class_weights has {classes} numbers and classes={domain.classes}; leave classes out"
        )
    if classes < domain.fewest_classes:
        raise ValueError(
            f"class_weights has {classes} numbers and fewest_classes={domain.fewest_classes}; "
            "leave fewest_classes out"
        )
    if classes < fewest_classes(loss, domain):
        raise ValueError(
            f"smoothing_over=others needs two classes, and there is {classes}; leave it out"
        )
    loss.weights(classes)


def check_together(loss: Loss, domain: Domain) -> None:
    """Raise ValueError, in one line, if no arguments suit both the loss and the domain.

    Examples
    --------
    >>> check_together(Loss(ignore_index=-100), Domain())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ignore_index=-100 needs class indices, and targets=probability; claim ...
    """
    option = next(_of_indices(loss), None)
    if option and domain.targets != _INDEX:
        raise ValueError(
            f"{option} needs class indices, and targets={domain.targets}; claim "
            "targets=index (--targets index)"
        )
    if domain.ignored_rows_may_hold_anything and loss.ignore_index is None:
        raise ValueError(
            "ignored_rows_may_hold_anything needs an ignore_index; give it to the loss, such as "
            "ignore_index=-100"
        )
    _check_classes(loss, domain)
