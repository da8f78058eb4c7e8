"""The options of a loss that a library offers; another one is refused in one line.

A certificate of an option that a library does not have would refute it for something that it never
promised.
"""

from collections.abc import Collection, Mapping
from functools import wraps

from gradcert_implementations.interface import (
    Array,
    Function,
    Loss,
    MeanOver,
    Reduction,
    SmoothingOver,
    options_of,
    recorded,
)
from gradcert_implementations.names import QuantityName

__all__ = ["no_options", "of_labels", "require_offered", "require_one_of"]

_CONVENTIONS = {
    "smoothing_over": "label_smoothing",
    "mean_over": "reduction",
    "z_loss_mean_over": "reduction",
    "nothing_kept_loss": "reduction",
    "nothing_kept_gradient": "reduction",
}
"""The options that say more about another one, which a library offers or not."""


def _require_divisor(loss: Loss, name: str, claimed: MeanOver, offered: MeanOver) -> None:
    """Raise ValueError unless a mean is claimed to divide by what the library divides by."""
    if claimed is offered:
        return
    if loss.ignore_index is None and {claimed, offered} == {MeanOver.ROWS, MeanOver.KEPT}:
        return  # Every row is kept.
    raise ValueError(
        f"{name}={claimed} is claimed, and the library divides by {offered}; claim {name}={offered}"
    )


def require_offered(
    loss: Loss,
    *offered: str,
    smoothing_over: SmoothingOver = SmoothingOver.ALL,
    mean_over: MeanOver = MeanOver.ROWS,
    z_loss_mean_over: MeanOver = MeanOver.ROWS,
    reductions: Collection[Reduction] = tuple(Reduction),
) -> None:
    """Raise ValueError, in one line, if a loss has an option that a library does not offer.

    Parameters
    ----------
    loss
        The loss that is claimed.
    *offered
        The names of the options that the library offers.
    smoothing_over, mean_over, z_loss_mean_over
        The convention of the library, where it offers the option.
    reductions
        The reductions that it offers, if it offers any.

    Raises
    ------
    ValueError
        The message says what is claimed, what the library offers, and what to write.

    Examples
    --------
    >>> require_offered(Loss(label_smoothing=0.1), "label_smoothing", "reduction")
    >>> require_offered(Loss(softcap=30), "label_smoothing", "reduction")
    Traceback (most recent call last):
    ValueError: softcap=30.0 is claimed, and the library offers label_smoothing, reduction; leave \
softcap out
    >>> require_offered(Loss(reduction="mean", mean_over="elements"), "reduction")
    Traceback (most recent call last):
    ValueError: mean_over=elements is claimed, and the library divides by rows; claim mean_over=rows
    """
    known = ", ".join(offered) or "no options"
    for name in options_of(loss):
        if name not in offered and _CONVENTIONS.get(name) not in offered:
            raise ValueError(
                f"{name}={recorded(loss)[name]} is claimed, and the library offers {known}; "
                f"leave {name} out"
            )
    if loss.reduction not in reductions:
        others = " or ".join(f"reduction={one}" for one in reductions)
        raise ValueError(
            f"reduction={loss.reduction} is claimed, and the library offers {others}; claim that"
        )
    if loss.label_smoothing and loss.smoothing_over is not smoothing_over:
        raise ValueError(
            f"smoothing_over={loss.smoothing_over} is claimed, and the library smooths over "
            f"{smoothing_over}; claim smoothing_over={smoothing_over}"
        )
    if loss.reduction is Reduction.MEAN:
        _require_divisor(loss, "mean_over", loss.mean_over, mean_over)
        if loss.z_loss:
            claimed = loss.z_loss_mean_over or loss.mean_over
            _require_divisor(loss, "z_loss_mean_over", claimed, z_loss_mean_over)


def require_one_of(loss: Loss, *alone: str) -> None:
    """Raise ValueError, in one line, if a loss has two options that a library offers apart.

    Examples
    --------
    >>> require_one_of(Loss(label_smoothing=0.1, ignore_index=0), "label_smoothing", "ignore_index")
    Traceback (most recent call last):
    ValueError: the library offers label_smoothing and ignore_index, but not both at once; leave \
one of them out
    """
    given = [name for name in alone if name in options_of(loss)]
    if len(given) > 1:
        raise ValueError(
            f"the library offers {' and '.join(given)}, but not both at once; leave one of them out"
        )


def no_options(loss: Loss) -> Mapping[QuantityName, Function]:
    """Refuse every option: the `functions_for` of a library that offers none.

    Raises
    ------
    ValueError
        For a loss with any option.

    Examples
    --------
    >>> no_options(Loss(z_loss=0.5))
    Traceback (most recent call last):
    ValueError: z_loss=0.5 is claimed, and the library offers no options; leave z_loss out
    """
    require_offered(loss)
    return {}


def of_labels(function: Function) -> Function:
    """Return a function that a library has for class indices only.

    Where a target is neither a label nor ignored, it raises NotImplementedError: the library has no
    such function, and is not wrong.

    Examples
    --------
    >>> import numpy as np
    >>> gradient = of_labels(lambda logits, targets: logits)
    >>> gradient(np.zeros((1, 2)), np.array([[0.0, 1.0]]))
    array([[0., 0.]])
    >>> gradient(np.zeros((1, 2)), np.array([[0.5, 0.5]]))
    Traceback (most recent call last):
    NotImplementedError: the library offers this for class indices; claim targets=index
    """

    @wraps(function)
    def labelled(logits: Array, targets: Array, *others: Array) -> Array:
        if ((targets != 0) & (targets != 1)).any() or (targets.sum(axis=-1) > 1).any():
            raise NotImplementedError(
                "the library offers this for class indices; claim targets=index"
            )
        result: Array = function(logits, targets, *others)
        return result

    return labelled
