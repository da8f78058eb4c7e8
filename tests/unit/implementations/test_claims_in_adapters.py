"""An adapter calls a loss with what is claimed: its options, its classes and its labels."""

from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from users_functions import (
    jax_rows,
    torch_of_labels,
    torch_rows,
)

import gradcert
from gradcert_implementations import (
    Implementation,
    SpecError,
)
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.torch_loss import from_torch
from gradcert_reports import Certificate

Z, T = np.zeros((3, 2)), np.eye(2)[[0, 1, 1]]
SLOPES = np.array([[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5]])
G = np.array([2.0, -1.0, 0.0])
WEIGHTS = torch.tensor([0.5, 2.0, 1.0])


def certified(subject: Any, **options: Any) -> Certificate:
    return gradcert.certify(subject, max_examples=10, effort="quick", **options)


def refuting(found: Certificate) -> set[str]:
    return {result.check for result in found.refutations}


@pytest.mark.parametrize("format", ["binary64", "binary32"])
@pytest.mark.parametrize(
    "options",
    [
        {"label_smoothing": 0.1, "reduction": "none"},
        {"label_smoothing": 0.1, "ignore_index": -100, "reduction": "mean"},
        {"ignore_index": 0, "reduction": "mean"},
        {"weight": WEIGHTS, "reduction": "sum"},
        {"weight": WEIGHTS, "label_smoothing": 0.1, "ignore_index": -100, "reduction": "sum"},
        {"weight": WEIGHTS, "label_smoothing": 0.1, "ignore_index": -100, "reduction": "mean"},
    ],
    ids=lambda options: "-".join(options) + "-" + options["reduction"],
)
def test_the_cross_entropy_of_pytorch_conforms_with_its_options(
    options: dict[str, Any], format: str
) -> None:
    subject = from_torch(nn.CrossEntropyLoss(**options), targets="index", formats=[format])
    assert {str(one.value) for one in subject.filled_in} >= {options["reduction"]} - {"none"}
    found = certified(subject)
    assert found.verdict == "conforms", found.refutations


def test_the_attributes_of_an_object_fill_in_the_loss_of_a_jax_subject() -> None:
    class Smoothed:
        def __init__(self) -> None:
            self.label_smoothing, self.reduction = 0.1, "sum"

        def __call__(self, z: jax.Array, t: jax.Array) -> jax.Array:
            smoothed = 0.9 * t + 0.1 / z.shape[1]
            return -(smoothed * jax.nn.log_softmax(z)).sum()

    subject = from_jax(Smoothed(), formats=["fp64"])
    assert [str(one) for one in subject.filled_in] == ["label_smoothing 0.1", "reduction sum"]
    found = certified(subject)
    assert found.verdict == "conforms", found.refutations


def test_another_loss_than_that_of_the_module_is_refuted() -> None:
    module = nn.CrossEntropyLoss(reduction="mean")
    found = certified(
        from_torch(
            module,
            targets="index",
            formats=["fp64"],
            loss={"mean_over": "rows", "reduction": "mean", "ignore_index": -100},
        )
    )
    assert "accuracy" in refuting(found)


def test_the_first_of_a_pair_is_the_loss_and_what_stands_beside_it_does_not_count() -> None:
    def with_its_z_loss(z: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        return torch_of_labels(z, t), 1e-4 * z.logsumexp(-1) ** 2

    subject = from_torch(with_its_z_loss, targets="index", formats=["fp64"])
    assert subject.functions["loss"](Z, T) == pytest.approx(np.full(3, np.log(2)))
    assert subject.functions["dE/dz"](Z, T, G).tolist() == (G[:, None] * SLOPES).tolist()
    assert certified(subject).verdict == "conforms"


THREE = np.eye(3)[[0, 2, 1]]


def torch_weighted_sum(z: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(z, labels, weight=WEIGHTS.to(z.dtype), reduction="sum")


def jax_weighted_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    weights = jax.numpy.asarray([0.5, 2, 1], z.dtype)
    return -(weights * t * jax.nn.log_softmax(z)).sum(axis=-1)


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(torch_weighted_sum, targets="index", loss={"class_weights": (0.5, 2, 1)}),
        from_jax(jax_weighted_rows, loss={"class_weights": (0.5, 2, 1)}),
    ],
    ids=lambda subject: subject.name,
)
def test_a_loss_of_three_classes_is_never_called_with_two(subject: Implementation) -> None:
    answer = subject.functions["dE/dz"](np.zeros((3, 3)), THREE, G)
    weights = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(answer, (G * weights)[:, None] * (1 / 3 - THREE), atol=1e-15)


def test_whether_a_loss_is_a_sum_is_seen_in_rows_that_count() -> None:
    def of_padded(z: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(z, labels, ignore_index=0, reduction="sum")

    subject = from_torch(of_padded, targets="index", loss={"ignore_index": 0})
    kept = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    answer = subject.functions["dE/dz"](Z, kept, np.array([3.0, 2.0, -1.0]))
    assert answer.tolist() == [[0, 0], [1, -1], [-0.5, 0.5]]


class WithABuffer(torch.nn.Module):
    """A module all of whose numbers are in a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", WEIGHTS.clone(), persistent=False)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        weights: Any = self.weights
        return functional.cross_entropy(z, labels, weight=weights, reduction="none")


def test_a_module_with_a_buffer_that_is_not_saved_is_copied_for_each_format() -> None:
    module = WithABuffer()
    subject = from_torch(module, targets="index", loss={"class_weights": (0.5, 2, 1)})
    for dtype in (np.float32, np.float64, np.float32):
        answer = subject.functions["loss"](np.zeros((3, 3), dtype), THREE.astype(dtype))
        np.testing.assert_allclose(answer, np.array([0.5, 1, 2]) * np.log(3), rtol=1e-6)
    assert module.weights.dtype == torch.float32


# Class indices.


def test_an_ignored_row_has_the_label_that_says_so_in_every_layout() -> None:
    rows = np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert class_indices(rows, -100).tolist() == [1, -100, 0, -100]
    assert class_indices(rows, 1).tolist() == [1, 1, 0, 1]
    assert class_indices(rows[::-1], -100).tolist() == [-100, 0, -100, 1]
    assert class_indices(rows[::2], -100).tolist() == [1, 0]
    assert class_indices(rows[1::2], -100).tolist() == [-100, -100]
    assert class_indices(np.broadcast_to(rows[1], (3, 2)), -100).tolist() == [-100] * 3
    assert class_indices(rows).tolist() == [1, 0, 0, 0]


def test_labels_and_another_loss_are_claimed_where_the_adapter_is_called() -> None:
    for options in ({"targets": "index"}, {"loss": {"multiplier": 2}}):
        with pytest.raises(SpecError, match="give the targets and the loss to its adapter"):
            gradcert.certify(from_torch(torch_rows), **options)  # type: ignore[arg-type]


def test_what_jax_does_not_compile_has_no_spec_that_would_compile_it() -> None:
    assert from_jax(jax_rows).origin.endswith(":jax_rows")
    assert from_jax(jax_rows, jit=False).origin == ""


def test_a_torch_loss_that_writes_into_its_logits_has_a_right_value_and_gradient() -> None:
    def in_place(z: Tensor, t: Tensor) -> Tensor:
        z -= z.detach().amax(-1, keepdim=True) + 1
        return torch_rows(z, t)

    functions = from_torch(in_place, domain={"overwrites_logits": True}).functions
    assert functions["loss"](Z, T) == pytest.approx(np.full(3, np.log(2)))
    assert functions["dE/dz"](Z, T, G) == pytest.approx(G[:, None] * SLOPES)
