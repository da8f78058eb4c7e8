"""A loss is differentiated twice, and by its targets; what cannot be is not supported."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from users_functions import (
    BACKWARD,
    Differentiable,
    Once,
    T,
    V,
    Z,
    assert_right,
    certified,
    jax_mean,
    jax_of_labels,
    jax_rows,
    jax_sum,
    torch_mean,
    torch_of_labels,
    torch_rows,
    torch_sum,
)

from gradcert_implementations import Implementation
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.torch_loss import from_torch

TWICE = ["hvp", "dE/dt"]


@pytest.mark.parametrize(
    "subject",
    [
        *(from_torch(loss, quantities=TWICE) for loss in (torch_rows, torch_mean, torch_sum)),
        *(from_jax(loss, quantities=TWICE) for loss in (jax_rows, jax_mean, jax_sum)),
        from_torch(Differentiable, quantities=TWICE),
        from_torch(nn.CrossEntropyLoss(reduction="none"), quantities=TWICE),
        from_jax(jax_mean, jit=False, quantities=TWICE),
    ],
    ids=lambda subject: f"{subject.library}-{subject.name}",
)
def test_a_loss_gives_its_hessian_times_v_and_its_gradient_by_the_targets(
    subject: Implementation,
) -> None:
    assert list(subject.functions) == TWICE
    assert_right(subject)


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(torch_of_labels, targets="index", quantities=["hvp"]),
        from_jax(jax_of_labels, targets="index", quantities=["hvp"]),
    ],
)
def test_a_loss_of_class_indices_gives_its_hessian_times_v(subject: Implementation) -> None:
    answer = subject.functions["hvp"](Z, np.eye(3)[[0, 2, 1, 1]], V)
    np.testing.assert_allclose(answer, BACKWARD, atol=1e-12)


def test_a_mean_over_more_rows_than_the_format_has_numbers_gives_its_hessian_in_parts() -> None:
    rows = 20_000
    z, v = np.zeros((rows, 2), np.float16), np.full((rows, 2), [1.0, 0.0], np.float16)
    t = np.full((rows, 2), [0.0, 1.0], np.float16)
    for subject in (
        from_torch(torch_mean, quantities=["hvp"]),
        from_jax(jax_mean, quantities=["hvp"]),
    ):
        assert (subject.functions["hvp"](z, t, v) == np.float16([0.25, -0.25])).all()


def test_a_loss_that_is_differentiated_twice_conforms() -> None:
    for subject in (
        from_torch(Differentiable, quantities=["hvp"], formats=["fp64"], targets="any"),
        from_jax(jax_mean, quantities=["dE/dt"], formats=["fp32"]),
    ):
        found = certified(subject)
        assert found.verdict == "conforms", found.refutations


class Saved(Differentiable):
    """A backward of what the forward computed: autograd takes it for a constant."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(z.softmax(-1) - t)
        return torch_rows(z, t)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * upstream[0][:, None], None


class Slope(torch.autograd.Function):
    """A kernel of a gradient, without a backward of its own."""

    @staticmethod
    def forward(_ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        return z.softmax(-1) - t

    @staticmethod
    def backward(_ctx: Any, *_upstream: Tensor) -> tuple[Tensor, None]:
        raise RuntimeError("nobody has written the second derivative")


class OfAKernel(Differentiable):
    """A backward that a kernel computes."""

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        return Slope.apply(*ctx.saved_tensors) * upstream[0][:, None], None


@jax.custom_vjp
def jax_calling_itself(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t)


jax_calling_itself.defvjp(
    lambda z, t: (jax_calling_itself(z, t), (jax.nn.softmax(z), t)),
    lambda kept, g: (g[:, None] * (kept[0] - kept[1]), jnp.zeros_like(kept[1])),
)


@jax.custom_vjp
def jax_calling_numpy(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t)


def _by_numpy(kept: tuple[jax.Array, jax.Array], g: jax.Array) -> tuple[jax.Array, jax.Array]:
    shape = jax.ShapeDtypeStruct(kept[0].shape, kept[0].dtype)
    difference = jax.pure_callback(lambda z, t: np.asarray(z) - np.asarray(t), shape, *kept)
    return g[:, None] * difference, jnp.zeros_like(kept[1])


jax_calling_numpy.defvjp(lambda z, t: (jax_rows(z, t), (jax.nn.softmax(z), t)), _by_numpy)


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(Once, quantities=["hvp"]),
        from_torch(Saved, quantities=["hvp"]),
        from_torch(OfAKernel, quantities=["hvp"]),
        from_jax(jax_calling_itself, jit=False, quantities=["hvp"]),
        from_jax(jax_calling_numpy, quantities=["hvp"]),
    ],
    ids=lambda subject: f"{subject.library}-{subject.name}",
)
def test_a_backward_that_cannot_be_differentiated_is_not_supported(
    subject: Implementation,
) -> None:
    with pytest.raises(NotImplementedError, match="its backward cannot be differentiated: "):
        subject.functions["hvp"](Z, T, V)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (from_torch(Once, quantities=["dE/dt"]), "the loss cannot be differentiated by its"),
        (
            from_torch(lambda z, t: torch_rows(z, t.detach()), quantities=["dE/dt"]),
            "the loss cannot be differentiated by its targets",
        ),
        (
            from_torch(torch_of_labels, targets="index", quantities=["dE/dt"]),
            "class indices have no gradient",
        ),
        (
            from_jax(jax_of_labels, targets="index", quantities=["dE/dt"]),
            "class indices have no gradient",
        ),
    ],
)
def test_a_loss_without_a_gradient_by_its_targets_is_not_supported(
    subject: Implementation, reason: str
) -> None:
    with pytest.raises(NotImplementedError, match=reason):
        subject.functions["dE/dt"](Z, np.eye(3)[[0, 1, 2, 0]])


def test_the_certificate_says_why_a_hessian_is_not_supported_and_certifies_the_gradient() -> None:
    found = certified(from_torch(Once, quantities=["dE/dz", "hvp"], formats=["fp64"]))
    assert found.verdict == "not supported"
    verdicts = {result.quantity: result.verdict for result in found.results}
    assert verdicts == {"dE/dz": "conforms", "hvp": "not supported"}
    assert {result.reason for result in found.results if result.quantity == "hvp"} == {
        "its backward cannot be differentiated: to autograd, what it returns is a constant"
    }


def test_a_loss_that_raises_is_broken_and_not_unsupported() -> None:
    def wrong(_z: jax.Array, _t: jax.Array) -> jax.Array:
        raise ValueError("the shapes do not fit")

    with pytest.raises(ValueError, match="the shapes do not fit"):
        from_jax(wrong, quantities=["hvp"]).functions["hvp"](Z, T, V)


@pytest.mark.parametrize(
    ("module", "targets", "way_out"),
    [
        (nn.CrossEntropyLoss(), "probability", "reduction=none"),
        (nn.CrossEntropyLoss(), "index", "ignore_index=none"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), "index", "label_smoothing=0.0"),
    ],
)
def test_only_the_plain_loss_has_a_hessian_and_a_module_says_how_it_is_not_plain(
    module: nn.Module, targets: str, way_out: str
) -> None:
    with pytest.raises(ValueError, match="the quantity 'hvp' has no meaning with") as caught:
        from_torch(module, targets=targets, quantities=["hvp"])
    assert str(caught.value).endswith(
        "; claim loss or dE/dz only, or override its attributes with "
        f"--loss {way_out} (loss=['{way_out}'] in Python)"
    )
    assert "\n" not in str(caught.value)


def test_the_hessian_of_a_module_is_that_of_each_row_if_its_mean_is_taken_back() -> None:
    options = ["ignore_index=none", "reduction=none"]
    subject = from_torch(nn.CrossEntropyLoss, targets="index", quantities=["hvp"], loss=options)
    answer = subject.functions["hvp"](Z, np.eye(3)[[0, 2, 1, 1]], V)
    np.testing.assert_allclose(answer, BACKWARD, atol=1e-12)
