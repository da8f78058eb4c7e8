"""Users' own functions state what stands beside the loss: values, backwards, Hessians, dE/dt."""

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

import gradcert
from gradcert_implementations import (
    Array,
    Implementation,
    Options,
    SpecError,
    as_implementation,
    load,
)
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.torch_loss import from_torch
from gradcert_reports import Certificate

Z = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 0.5], [0.0, 0.0, 0.0], [1.0, -3.0, 2.0]])
T = np.array([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
V = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, 1.0], [-1.0, 0.0, 4.0]])
O = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)  # noqa: E741  # The outputs of the README.

BACKWARD = O * (V - (O * V).sum(axis=1, keepdims=True))
"""Of softmax; and the Hessian of the loss is the same for targets that sum to one."""

LOG_BACKWARD = V - O * V.sum(axis=1, keepdims=True)

EXPECTED = {
    "softmax": O,
    "softmax-backward": BACKWARD,
    "log-softmax": np.log(O),
    "log-softmax-backward": LOG_BACKWARD,
    "hvp": BACKWARD,
    "dE/dt": -np.log(O),
}

ARGUMENTS = {
    "softmax": (Z,),
    "softmax-backward": (Z, V),
    "log-softmax": (Z,),
    "log-softmax-backward": (Z, V),
    "hvp": (Z, T, V),
    "dE/dt": (Z, T),
}


def certified(subject: Any, **options: Any) -> Certificate:
    return gradcert.certify(subject, max_examples=5, effort="quick", **options)


def assert_right(subject: Implementation, *, like: float = 1e-12) -> None:
    for quantity, function in subject.functions.items():
        answer = function(*ARGUMENTS[quantity])
        np.testing.assert_allclose(answer, EXPECTED[quantity], atol=like)


# A function or a module of the logits alone.


class Attention(torch.autograd.Function):
    """A softmax with a backward of its own, as attention kernels have it."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        o = torch.softmax(z, dim=-1)
        ctx.save_for_backward(o)
        return o

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        (o,), (g,) = ctx.saved_tensors, upstream
        return o * (g - (o * g).sum(-1, keepdim=True))


class Diagonal(Attention):
    """The diagonal of the Jacobian only."""

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        (o,) = ctx.saved_tensors
        return o * (1 - o) * upstream[0]


def torch_softmax(z: Tensor) -> Tensor:
    return torch.softmax(z, dim=-1)


def torch_log_softmax(z: Tensor) -> Tensor:
    return functional.log_softmax(z, dim=-1)


def with_its_sum(z: Tensor) -> tuple[Tensor, Tensor]:
    return torch_softmax(z), z.logsumexp(-1)


@jax.custom_vjp
def jax_attention(z: jax.Array) -> jax.Array:
    return jax.nn.softmax(z)


jax_attention.defvjp(
    lambda z: (jax_attention(z), jax_attention(z)),
    lambda o, g: (o * (g - (o * g).sum(-1, keepdims=True)),),
)

SOFTMAX = ["softmax", "softmax-backward"]
LOG_SOFTMAX = ["log-softmax", "log-softmax-backward"]


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(torch_softmax, quantities=SOFTMAX),
        from_torch(nn.Softmax(dim=-1), quantities=SOFTMAX),
        from_torch(Attention, quantities=SOFTMAX),
        from_torch(with_its_sum, quantities=SOFTMAX),
        from_torch(torch_log_softmax, quantities=LOG_SOFTMAX),
        from_torch(nn.LogSoftmax(dim=-1), quantities=LOG_SOFTMAX),
        from_jax(jax.nn.softmax, quantities=SOFTMAX),
        from_jax(jax_attention, quantities=SOFTMAX),
        from_jax(jax.nn.softmax, jit=False, quantities=SOFTMAX),
        from_jax(jax.nn.log_softmax, quantities=LOG_SOFTMAX),
        load("torch:torch.nn:Softmax(dim=-1)", quantities=SOFTMAX),
        load("jax:jax.nn:log_softmax", quantities=LOG_SOFTMAX),
    ],
    ids=lambda subject: f"{subject.library}-{subject.name}",
)
def test_a_function_of_the_logits_gives_its_values_and_its_backward_under_v(
    subject: Implementation,
) -> None:
    assert len(subject.functions) == 2
    assert not subject.takes_upstream
    assert_right(subject)


@pytest.mark.parametrize("layout", ["rows", "sequence", "channels"])
def test_v_has_the_shape_of_the_logits_in_every_layout(layout: str) -> None:
    axis = 1 if layout == "channels" else -1
    domain = {"layout": layout}
    assert_right(from_torch(nn.Softmax(dim=axis), quantities=SOFTMAX, domain=domain))
    assert_right(
        from_jax(lambda z: jax.nn.softmax(z, axis=axis), quantities=SOFTMAX, domain=domain)
    )

    def loss(z: Tensor, t: Tensor) -> Tensor:
        return functional.cross_entropy(z.movedim(axis, 1), t.movedim(axis, 1))

    assert_right(from_torch(loss, quantities=["hvp", "dE/dt"], domain=domain))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_a_softmax_in_a_wider_format_than_its_logits_is_rounded_to_theirs(dtype: Any) -> None:
    for subject in (
        from_torch(lambda z: torch.softmax(z.float(), dim=-1), quantities=SOFTMAX),
        from_jax(lambda z: jax.nn.softmax(z.astype(jnp.float32)), quantities=SOFTMAX),
    ):
        values = subject.functions["softmax"](Z.astype(dtype))
        slopes = subject.functions["softmax-backward"](Z.astype(dtype), V.astype(dtype))
        assert values.dtype == slopes.dtype == dtype
        np.testing.assert_allclose(values.astype(float), O, rtol=0.01)


def test_a_right_backward_of_a_softmax_conforms_and_its_diagonal_is_refuted() -> None:
    options = {"quantities": SOFTMAX, "formats": ["fp64"]}
    found = certified(from_torch(Attention, **options))  # type: ignore[arg-type]
    assert found.verdict == "conforms", found.refutations
    found = certified(from_torch(Diagonal, **options))  # type: ignore[arg-type]
    assert {result.quantity for result in found.refutations} == {"softmax-backward"}


def test_a_backward_of_jax_conforms_and_its_values_do() -> None:
    found = certified(from_jax(jax_attention, quantities=SOFTMAX, formats=["fp32"]))
    assert found.verdict == "conforms", found.refutations


@pytest.mark.parametrize(
    "subject",
    [
        from_torch(lambda z: z.logsumexp(-1), quantities=["softmax"]),
        from_jax(lambda z: jax.nn.logsumexp(z, axis=-1), quantities=["softmax"]),
    ],
)
def test_an_answer_of_another_shape_than_the_logits_says_so(subject: Implementation) -> None:
    message = "the answer to logits of shape (4, 3) has shape (4,); expected that of the logits"
    with pytest.raises(ValueError, match=re.escape(message)):
        subject.functions["softmax"](Z)


# A loss, differentiated twice, and by its targets.


def torch_rows(z: Tensor, t: Tensor) -> Tensor:
    return -(t * torch.log_softmax(z, dim=-1)).sum(-1)


def torch_mean(z: Tensor, t: Tensor) -> Tensor:
    return torch_rows(z, t).mean()


def torch_sum(z: Tensor, t: Tensor) -> Tensor:
    return torch_rows(z, t).sum()


def jax_rows(z: jax.Array, t: jax.Array) -> jax.Array:
    return -(t * jax.nn.log_softmax(z)).sum(axis=-1)


def jax_mean(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t).mean()


def jax_sum(z: jax.Array, t: jax.Array) -> jax.Array:
    return jax_rows(z, t).sum()


class Differentiable(torch.autograd.Function):
    """A cross-entropy whose backward autograd can follow."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(z, t)
        return torch_rows(z, t)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor | None]:
        z, t = ctx.saved_tensors
        slope = (z.softmax(-1) * t.sum(-1, keepdim=True) - t) * upstream[0][:, None]
        return slope, -z.log_softmax(-1) * upstream[0][:, None]


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


def torch_of_labels(z: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(z, labels, reduction="none")


def jax_of_labels(z: jax.Array, labels: jax.Array) -> jax.Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=-1).mean()


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


# What cannot be differentiated twice is not supported.


class Once(Differentiable):
    """A backward that says itself that it cannot be differentiated."""

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        z, t = ctx.saved_tensors
        return (z.softmax(-1) - t) * upstream[0][:, None], None


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
        f"; claim loss or dE/dz only, or take back what its attributes say, --loss {way_out}"
    )
    assert "\n" not in str(caught.value)


def test_the_hessian_of_a_module_is_that_of_each_row_if_its_mean_is_taken_back() -> None:
    options = ["ignore_index=none", "reduction=none"]
    subject = from_torch(nn.CrossEntropyLoss, targets="index", quantities=["hvp"], loss=options)
    answer = subject.functions["hvp"](Z, np.eye(3)[[0, 2, 1, 1]], V)
    np.testing.assert_allclose(answer, BACKWARD, atol=1e-12)


# Which quantities a function can have.


def softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def softmax_along(logits: Array, axis: int = -1) -> Array:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    shares: Array = powers / powers.sum(axis=axis, keepdims=True)
    return shares


def backward(logits: Array, v: Array) -> Array:
    shares = softmax(logits)
    return shares * (v - (shares * v).sum(axis=1, keepdims=True))


def product(logits: Array, targets: Array, v: Array) -> Array:
    return targets.sum(axis=1, keepdims=True) * backward(logits, v)


def no_arguments() -> None: ...


OF_LOGITS = "softmax or softmax-backward or log-softmax or log-softmax-backward"
OF_A_LOSS = "loss or dE/dz or dE/do or hvp or dE/dt"
OF_TWO = "loss or dE/do or dE/dz or softmax-backward or log-softmax-backward or dE/dt"


@pytest.mark.parametrize(
    ("adapt", "subject", "quantities", "message"),
    [
        (from_torch, nn.Softmax(dim=-1), [], f"as a loss is; choose --quantity {OF_LOGITS}"),
        (from_torch, Attention, [], f"as a loss is; choose --quantity {OF_LOGITS}"),
        (from_torch, functional.softmax, [], f"as a loss is; choose --quantity {OF_LOGITS}"),
        (from_jax, jax.nn.softmax, [], f"as a loss is; choose --quantity {OF_LOGITS}"),
        (from_torch, Once, ["softmax"], f"as a softmax is; choose --quantity {OF_A_LOSS}"),
        (from_torch, nn.CrossEntropyLoss, ["log-softmax-backward"], "as a log-softmax is; choose"),
        (from_jax, jax_rows, SOFTMAX, f"as a softmax is; choose --quantity {OF_A_LOSS}"),
        (from_jax, no_arguments, SOFTMAX, "as a softmax is; let it take these arrays"),
        (from_torch, torch_rows, ["hvp", "softmax"], "a loss gives loss or dE/dz"),
        (from_numpy, softmax, [], "as dE/dz is; choose --quantity softmax or do/dz or log-softmax"),
        (from_numpy, softmax, [], "or log-softmax (quantities=['softmax'] in Python)"),
        (from_numpy, softmax_along, [], "as dE/dz is; choose --quantity softmax or do/dz or log-"),
        (from_numpy, backward, ["hvp"], f"as hvp is; choose --quantity {OF_TWO}"),
        (from_numpy, product, ["softmax-backward"], "is; choose --quantity dE/dz or hvp"),
    ],
)
def test_a_function_that_does_not_suit_its_quantity_says_which_ones_it_can_have(
    adapt: Callable[..., Any], subject: Any, quantities: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        adapt(subject, **({"quantities": quantities} if quantities else {}))
    assert "\n" not in str(caught.value)


def test_a_plain_function_that_does_not_suit_its_quantity_is_a_usage_error() -> None:
    with pytest.raises(SpecError, match="softmax cannot be called with logits and targets, as "):
        as_implementation(softmax)


@pytest.mark.parametrize("adapt", [from_torch, from_jax, from_numpy])
def test_a_function_whose_arguments_cannot_be_known_may_have_any_quantity(adapt: Any) -> None:
    for quantity in ("softmax-backward", "log-softmax", "hvp"):
        assert list(adapt(torch.softmax, quantities=[quantity]).functions) == [quantity]


@pytest.mark.parametrize(
    ("function", "quantity"),
    [
        (softmax, "softmax"),
        (lambda z: np.log(softmax(z)), "log-softmax"),
        (backward, "softmax-backward"),
        (lambda z, v: v - softmax(z) * v.sum(axis=1, keepdims=True), "log-softmax-backward"),
        (product, "hvp"),
        (lambda z, _t: -np.log(softmax(z)), "dE/dt"),
    ],
)
@pytest.mark.parametrize("layout", ["rows", "sequence"])
def test_a_plain_function_is_called_with_what_its_quantity_takes(
    function: Callable[..., Any], quantity: str, layout: str
) -> None:
    def of_layout(*arrays: Array) -> Any:
        rows = (array.reshape(-1, array.shape[-1]) for array in arrays)
        return function(*rows).reshape(arrays[0].shape)

    options = Options(quantities=[quantity], domain={"layout": layout})
    assert_right(as_implementation(of_layout, options))


def test_a_plain_function_of_class_indices_gets_labels_and_v_as_it_is() -> None:
    def of_labels(logits: Array, labels: Array, v: Array) -> Array:
        assert (labels.dtype, labels.shape) == (np.int64, (len(logits),))
        return backward(logits, v)

    subject = from_numpy(of_labels, targets="index", quantities=["hvp"])
    assert_right(subject)
    assert_right(from_numpy(backward, targets="index", quantities=["softmax-backward"]))


def test_a_plain_backward_and_a_plain_hessian_conform() -> None:
    for function, quantity in ((backward, "softmax-backward"), (product, "hvp")):
        found = certified(function, quantities=[quantity], formats=["fp64"], targets="any")
        assert found.verdict == "conforms", found.refutations
