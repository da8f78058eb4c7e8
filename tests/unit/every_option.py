"""A loss with every option, none as it is by default."""

from typing import Any

EVERYTHING: dict[str, Any] = {
    "label_smoothing": 0.1,
    "smoothing_over": "others",
    "class_weights": (0.5, 2.0, 1.0),
    "ignore_index": -100,
    "logit_scale": 0.5,
    "softcap": 30.0,
    "z_loss": 1e-4,
    "reduction": "mean",
    "mean_over": "weights",
    "z_loss_mean_over": "kept",
    "multiplier": -2.0,
    "nothing_kept_loss": "nan",
    "nothing_kept_gradient": "zero",
}


def reciprocals(classes: int) -> list[float]:
    return [1 / (1 + k) for k in range(classes)]
