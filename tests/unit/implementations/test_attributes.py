"""What the attributes of a loss say fills its loss in."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradcert_implementations import Given, Loss
from gradcert_implementations.adapters.attributes import loss_of_attributes
from gradcert_implementations.interface.losses import overridden


def _loss(subject: Any, targets: str | None = "index") -> Loss:
    return overridden(Loss(), loss_of_attributes(subject, targets))


OF_TORCH: dict[str, Any] = {"nothing_kept_loss": "nan", "nothing_kept_gradient": "zero"}


def test_a_module_of_torch_says_its_smoothing_weights_ignored_label_and_reduction() -> None:
    weight = torch.tensor([0.5, 2.0, 1.0])
    made = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=-7, weight=weight, reduction="sum")
    assert _loss(made) == Loss(
        label_smoothing=0.1,
        ignore_index=-7,
        class_weights=[0.5, 2.0, 1.0],
        reduction="sum",  # type: ignore[arg-type]
    )


def test_the_default_reduction_of_torch_is_a_mean_over_kept_rows() -> None:
    assert _loss(nn.CrossEntropyLoss()) == Loss(
        **{"ignore_index": -100, "reduction": "mean", "mean_over": "kept"} | OF_TORCH
    )


def test_a_weighted_mean_of_torch_is_over_the_weights_of_kept_rows() -> None:
    assert _loss(nn.CrossEntropyLoss(weight=torch.ones(3), ignore_index=0)) == Loss(
        **{
            "class_weights": [1, 1, 1],
            "ignore_index": 0,
            "reduction": "mean",
            "mean_over": "weights",
        }
        | OF_TORCH
    )


@pytest.mark.parametrize("targets", [None, "probability", "any"])
def test_without_class_indices_torch_divides_by_rows_and_ignores_none(targets: str | None) -> None:
    made = nn.CrossEntropyLoss(weight=torch.ones(3), label_smoothing=0.1)
    assert _loss(made, targets) == Loss(
        class_weights=[1, 1, 1],
        label_smoothing=0.1,
        reduction="mean",  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("label_smoothing", 0.1, "label_smoothing"),
        ("smoothing", 0.1, "label_smoothing"),
        ("ignore_index", 0, "ignore_index"),
        ("ignored_index", -1, "ignore_index"),
        ("logit_scale", 0.5, "logit_scale"),
        ("logits_scale", 2, "logit_scale"),
        ("softcap", 30, "softcap"),
        ("logit_soft_cap", 50.0, "softcap"),
        ("z_loss", 1e-4, "z_loss"),
        ("lse_square_scale", 1e-4, "z_loss"),
        ("reduction", "sum", "reduction"),
        ("weight", np.array([1.0, 2.0]), "class_weights"),
    ],
)
def test_the_names_that_kernels_use_are_read(name: str, value: Any, option: str) -> None:
    kernel = type("Kernel", (), {name: value})
    (found,) = loss_of_attributes(kernel(), "index")
    assert found == Given(option, getattr(Loss(**{option: value}), option))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("z_loss", True),
        ("label_smoothing", "0.1"),
        ("label_smoothing", 0.0),
        ("label_smoothing", 7.0),
        ("softcap", 0.0),
        ("softcap", float("inf")),
        ("softcap", None),
        ("logit_scale", nn.Parameter(torch.tensor(2.0))),
        ("ignore_index", 0.5),
        ("reduction", "batchmean"),
        ("weight", nn.Parameter(torch.ones(3))),
        ("weight", np.ones((2, 3))),
        ("weight", 2.0),
        ("reduction", property(lambda _: 1 / 0)),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_an_attribute_of_another_kind_or_that_changes_nothing_says_nothing(
    name: str, value: Any
) -> None:
    kernel = type("Kernel", (), {name: value})
    assert loss_of_attributes(kernel(), "index") == ()


def test_a_learned_parameter_of_a_module_says_nothing() -> None:
    assert loss_of_attributes(nn.LayerNorm(3), "index") == ()


def test_a_plain_function_says_nothing() -> None:
    assert loss_of_attributes(nn.functional.cross_entropy, "index") == ()


def test_a_mean_of_another_library_says_nothing_about_no_kept_row() -> None:
    kernel = type("Kernel", (), {"reduction": "mean", "ignore_index": -100})
    assert _loss(kernel()) == Loss(ignore_index=-100, reduction="mean", mean_over="kept")  # type: ignore[arg-type]


def test_what_is_filled_in_can_be_printed() -> None:
    made = nn.CrossEntropyLoss(label_smoothing=0.1, reduction="sum")
    read = loss_of_attributes(made, "probability")
    assert list(map(str, read)) == ["label_smoothing 0.1", "reduction sum"]
