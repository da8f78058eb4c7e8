"""Adapters vary the upstream gradient, and know ignored rows, reductions and a second backward."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import Tensor
from users_functions import (
    jax_mean,
    jax_rows,
    jax_sum,
    torch_mean,
    torch_rows,
    torch_sum,
)

import gradcert
from gradcert_implementations import (
    Array,
    Implementation,
    Loss,
    Options,
    SpecError,
    as_implementation,
    load,
)
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.signatures import takes_upstream
from gradcert_implementations.adapters.torch_loss import from_torch
from gradcert_reports import Certificate

Z, T = np.zeros((3, 2)), np.eye(2)[[0, 1, 1]]
SLOPES = np.array([[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5]])
G = np.array([2.0, -1.0, 0.0])


def certified(subject: Any, **options: Any) -> Certificate:
    return gradcert.certify(subject, max_examples=10, effort="quick", **options)


def refuting(found: Certificate) -> set[str]:
    return {result.check for result in found.refutations}


# The upstream gradient of a loss.


EACH = [
    from_torch(torch_rows),
    from_torch(torch_mean),
    from_torch(torch_sum),
    from_jax(jax_rows),
    from_jax(jax_mean),
    from_jax(jax_sum),
]
"""Losses of rows, and reductions that are not claimed: asked for the gradient of each row."""


@pytest.mark.parametrize("subject", EACH, ids=lambda one: f"{one.library}-{one.name}")
def test_a_loss_is_differentiated_under_an_upstream_gradient_for_each_row(
    subject: Implementation,
) -> None:
    assert subject.takes_upstream
    assert subject.functions["dE/dz"](Z, T, G).tolist() == (G[:, None] * SLOPES).tolist()
    assert subject.functions["dE/dz"](Z, T).tolist() == SLOPES.tolist()


@pytest.mark.parametrize("strides", [(0,), (2,)], ids=["expanded", "strided"])
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_an_upstream_gradient_keeps_its_strides_if_the_loss_is_wider_or_narrower(
    dtype: type, strides: tuple[int]
) -> None:
    seen = []

    class InBinary32(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
            ctx.save_for_backward(z, t)
            return torch_rows(z.float(), t.float())

        @staticmethod
        def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None]:
            (g,), (z, t) = given, ctx.saved_tensors
            seen.append(g.stride())
            slope = (torch.softmax(z.float(), dim=1) - t) * g[:, None]
            return slope.to(z.dtype), None

    subject = from_torch(InBinary32, formats=["binary64", "binary16"])
    z, t, g = (array.astype(dtype) for array in (Z, T, np.array([2.0, np.nan, 2.0, np.nan, 2.0])))
    relaid = np.broadcast_to(g[:1], 3) if strides == (0,) else g[::2]
    assert subject.functions["dE/dz"](z, t, relaid).tolist() == (2 * SLOPES).tolist()
    assert seen == [strides]


@pytest.mark.parametrize(
    ("adapt", "mean", "total"), [(from_torch, torch_mean, torch_sum), (from_jax, jax_mean, jax_sum)]
)
def test_a_claimed_reduction_has_one_upstream_gradient_and_keeps_its_divisor(
    adapt: Any, mean: Any, total: Any
) -> None:
    g = np.array(-3.0)
    for loss, reduction, divisor in ((mean, "mean", 3), (total, "sum", 1)):
        subject = adapt(loss, loss={"reduction": reduction})
        answer = subject.functions["dE/dz"](Z, T, g)
        assert answer == pytest.approx(-3 * SLOPES / divisor)
        value = subject.functions["loss"](Z, T)
        assert value.shape == ()
        assert float(value) == pytest.approx(3 * np.log(2) / divisor)


class Fused(torch.autograd.Function):
    """A right cross-entropy with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(z.softmax(-1) - t)
        return -(t * z.log_softmax(-1)).nansum(-1)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * upstream[0][:, None], None


class WithoutUpstream(Fused):
    """A backward that returns its own slope."""

    @staticmethod
    def backward(ctx: Any, *_upstream: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference, None


class InPlace(Fused):
    """A backward that multiplies what was saved, so that a second one has its square."""

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        difference.data.mul_(upstream[0][:, None])
        return difference.clone(), None


class Freed(Fused):
    """A backward that frees what was saved."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        ctx.difference = z.softmax(-1) - t
        return -(t * z.log_softmax(-1)).nansum(-1)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        if ctx.difference is None:
            raise RuntimeError("the buffers were freed; call backward once")
        difference, ctx.difference = ctx.difference, None
        return difference * upstream[0][:, None], None


GRADIENT = {"quantities": ["dE/dz"], "formats": ["fp64"], "targets": "probability"}


def test_a_function_of_autograd_that_uses_its_upstream_gradient_conforms() -> None:
    found = certified(from_torch(Fused, **GRADIENT))
    assert found.verdict == "conforms", found.refutations
    assert {"twice-the-upstream", "second-backward"} <= {one.check for one in found.results}


def test_a_function_of_autograd_that_ignores_its_upstream_gradient_is_refuted() -> None:
    found = refuting(certified(from_torch(WithoutUpstream, **GRADIENT)))
    assert {"accuracy", "twice-the-upstream"} <= found


def test_a_vjp_of_jax_that_ignores_its_upstream_gradient_is_refuted() -> None:
    @jax.custom_vjp
    def loss(z: jax.Array, t: jax.Array) -> jax.Array:
        return jax_rows(z, t)

    def forward(z: jax.Array, t: jax.Array) -> tuple[jax.Array, jax.Array]:
        return loss(z, t), jax.nn.softmax(z) - t

    def backward(difference: jax.Array, _g: jax.Array) -> tuple[jax.Array, jax.Array]:
        return difference, jnp.zeros_like(difference)

    loss.defvjp(forward, backward)
    assert "accuracy" in refuting(certified(from_jax(loss, **GRADIENT)))


# A second backward.


def test_what_is_overwritten_by_the_first_backward_is_refuted_by_the_second() -> None:
    found = certified(from_torch(InPlace, **GRADIENT))
    assert refuting(found) == {"second-backward"}
    (diagnosis,) = found.diagnoses
    assert [match.flaw for match in diagnosis.matches] == ["gradient-multiplied-in-place"]


def test_a_second_backward_that_is_refused_in_words_refutes_nothing() -> None:
    found = certified(from_torch(Freed, **GRADIENT))
    assert found.verdict == "conforms", found.refutations
    (second,) = (one for one in found.results if one.check == "second-backward")
    assert second.verdict == "not supported"
    assert "a second backward is refused: the buffers were freed" in second.reason


def test_no_second_backward_is_asked_of_what_overwrites_its_logits() -> None:
    subject = from_torch(Fused, domain={"overwrites_logits": True}, **GRADIENT)
    assert "second-backward" not in {one.check for one in certified(subject).results}


# Functions of numpy arrays.


def of_rows(z: Array, t: Array, g: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True) - t) * g[:, None]


def of_labels(z: Array, labels: Array, g: Array) -> Array:
    """Return the gradient of a mean over the labels that are not -100."""
    kept = labels != -100
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    result[kept, labels[kept]] -= 1
    result[~kept] = 0
    return result * (g / max(1, kept.sum()))


def test_a_plain_function_with_a_third_argument_gets_the_upstream_gradient() -> None:
    subject = as_implementation(of_rows, Options(formats=["fp64"]))
    assert subject.takes_upstream
    found = certified(of_rows, formats=["fp64"])
    assert found.verdict == "conforms", found.refutations
    assert "twice-the-upstream" in {one.check for one in found.results}


def test_a_plain_function_that_ignores_its_upstream_gradient_is_refuted() -> None:
    found = certified(lambda z, t, g: of_rows(z, t, np.ones_like(g)), formats=["fp64"])
    assert {"accuracy", "twice-the-upstream"} <= refuting(found)


def test_a_function_of_class_indices_gets_labels_the_ignored_one_too_and_g_as_it_is() -> None:
    seen: list[tuple[list[int], float]] = []

    def gradient(z: Array, labels: Array, g: Array) -> Array:
        seen.append((labels.tolist(), float(g)))
        return of_labels(z, labels, g)

    loss = {"reduction": "mean", "mean_over": "kept", "ignore_index": -100}
    subject = from_numpy(gradient, targets="index", loss=loss)
    rows = np.array([[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    answer = subject.functions["dE/dz"](Z, rows, np.array(4.0))
    assert seen == [([1, -100, 0], 4.0)]
    assert answer.tolist() == [[1.0, -1.0], [0.0, 0.0], [-1.0, 1.0]]


def test_a_function_of_class_indices_with_ignored_rows_in_a_mean_conforms() -> None:
    loss = Loss(reduction="mean", mean_over="kept", ignore_index=-100)  # type: ignore[arg-type]
    found = certified(from_numpy(of_labels, targets="index", loss=loss, formats=["fp64"]))
    assert found.verdict == "conforms", found.refutations


@pytest.mark.parametrize("adapt", [as_implementation, from_numpy])
@pytest.mark.parametrize("name", ["g", "upstream", "grad_output", "dy"])
def test_a_third_argument_with_a_customary_name_may_have_a_default(adapt: Any, name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"def gradient(z, t, {name}=None):\n    return z", namespace)
    assert adapt(namespace["gradient"]).takes_upstream


@pytest.mark.parametrize(
    "function",
    [
        lambda z, _t: z,
        lambda z, _t, axis=-1: z,  # noqa: ARG005
        lambda *arguments: arguments[0],
        lambda z, _t, *, g=None: z,  # noqa: ARG005
        functools.partial(of_rows, g=np.ones(3)),
        np.subtract,
    ],
    ids=["two", "a default", "any number", "by name only", "partial", "ufunc"],
)
def test_a_function_that_has_no_third_argument_for_it_is_called_with_two(
    function: Callable[..., Any],
) -> None:
    assert not takes_upstream(function)
    assert not as_implementation(function).takes_upstream
    assert as_implementation(function).functions["dE/dz"](Z, T).shape == Z.shape


# Quantities beside the loss.


@pytest.mark.parametrize(
    ("quantity", "loss", "option"),
    [
        ("softmax", Loss(label_smoothing=0.1), "label_smoothing"),
        ("do/dz", Loss(reduction="sum"), "reduction"),  # type: ignore[arg-type]
        ("dE/do", Loss(softcap=30), "softcap"),
    ],
)
def test_another_quantity_than_the_loss_and_its_gradient_has_no_options(
    quantity: Any, loss: Loss, option: str
) -> None:
    with pytest.raises(ValueError, match=f"the quantity '{quantity}' has no meaning") as error:
        Implementation(name="mine", functions={quantity: lambda z: z}, loss=loss)
    assert f"with {option}; claim loss or dE/dz only" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_built_in_with_an_option_is_certified_for_the_loss_and_its_gradient_only() -> None:
    chosen = load("numpy", loss={"label_smoothing": 0.1})
    assert set(chosen.functions) == {"loss", "dE/dz"}


@pytest.mark.parametrize("asked", [["softmax"], ["softmax", "loss"]])
def test_a_quantity_that_is_asked_for_and_has_no_options_is_refused(asked: list[str]) -> None:
    with pytest.raises(SpecError, match=r"'softmax' has no meaning with .*label_smoothing"):
        load("numpy", quantities=asked, loss={"label_smoothing": 0.1})
