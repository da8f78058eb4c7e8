"""A function has the quantities that suit its arguments, and an error names them."""

import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from users_functions import SOFTMAX, Attention, Once, assert_right, certified, jax_rows, torch_rows

from gradcert_implementations import Array, Options, SpecError, as_implementation
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.torch_loss import from_torch


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
