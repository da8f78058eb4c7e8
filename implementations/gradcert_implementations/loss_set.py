"""The losses for which the built-ins are certified beside the plain one.

Each option is on alone in one of them, with no more than what it needs to have a meaning. The
others have many options on, so that each pair of options is on together in one of them, and each
value of a choice is in one of the set.
"""

from collections.abc import Mapping

from gradcert_implementations.interface import (
    Loss,
    MeanOver,
    NothingKept,
    Reduction,
    SmoothingOver,
)

__all__ = ["ALONE", "LOSSES", "uneven_weights"]


def uneven_weights(classes: int) -> list[float]:
    """Return class weights of which neighbours differ.

    Examples
    --------
    >>> uneven_weights(5)
    [0.5, 1.0, 1.5, 2.0, 0.5]
    """
    return [0.5 + k % 4 / 2 for k in range(classes)]


ALONE: Mapping[str, Loss] = {
    "label smoothing": Loss(label_smoothing=0.1),
    "smoothing over others": Loss(label_smoothing=0.1, smoothing_over=SmoothingOver.OTHERS),
    "class weights": Loss(class_weights=uneven_weights),
    "ignored rows": Loss(ignore_index=-100),
    "logit scale": Loss(logit_scale=0.7),
    "softcap": Loss(softcap=30.0),
    "z-loss": Loss(z_loss=1e-4),
    "sum": Loss(reduction=Reduction.SUM),
    "mean over elements": Loss(reduction=Reduction.MEAN, mean_over=MeanOver.ELEMENTS),
    "mean of the z-loss over elements": Loss(
        z_loss=1e-4, reduction=Reduction.MEAN, z_loss_mean_over=MeanOver.ELEMENTS
    ),
    "multiplier": Loss(multiplier=1.5),
    "loss of nothing kept": Loss(reduction=Reduction.MEAN, nothing_kept_loss=NothingKept.ZERO),
    "gradient of nothing kept": Loss(
        reduction=Reduction.MEAN, nothing_kept_gradient=NothingKept.NAN
    ),
}
"""Those in which one option is on alone, each by its name."""

LOSSES: Mapping[str, Loss] = {
    **ALONE,
    "all options": Loss(
        label_smoothing=0.1,
        smoothing_over=SmoothingOver.OTHERS,
        class_weights=uneven_weights,
        ignore_index=0,
        logit_scale=0.7,
        softcap=30.0,
        z_loss=1e-4,
        reduction=Reduction.MEAN,
        mean_over=MeanOver.WEIGHTS,
        z_loss_mean_over=MeanOver.KEPT,
        multiplier=-1.5,
        nothing_kept_loss=NothingKept.ZERO,
        nothing_kept_gradient=NothingKept.NAN,
    ),
    "mean over kept rows": Loss(
        label_smoothing=0.1,
        ignore_index=-100,
        z_loss=1e-3,
        reduction=Reduction.MEAN,
        mean_over=MeanOver.KEPT,
        z_loss_mean_over=MeanOver.ROWS,
        nothing_kept_loss=NothingKept.NAN,
        nothing_kept_gradient=NothingKept.ZERO,
    ),
    "mean over rows": Loss(
        class_weights=uneven_weights,
        ignore_index=-100,
        logit_scale=1.25,
        z_loss=1e-3,
        reduction=Reduction.MEAN,
        z_loss_mean_over=MeanOver.WEIGHTS,
    ),
    "sum of weighted rows": Loss(
        class_weights=uneven_weights,
        ignore_index=0,
        softcap=15.0,
        reduction=Reduction.SUM,
        multiplier=2.0,
    ),
}
"""Each loss by a name, which tells it from the others in a report."""
