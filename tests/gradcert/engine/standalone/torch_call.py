"""The call of a PyTorch loss or function of the logits, and its backward."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.numbers import tensor_lines
from gradcert_implementations import Adapted, Array, QuantityName
from gradcert_implementations.adapters.kinds import LOG_SOFTMAX, LOSS, SOFTMAX

__all__ = ["torch_part"]

_CALLED = {
    Adapted.TORCH: "{name}({given})",
    Adapted.TORCH_FUNCTION: "{name}.apply({given})",
    Adapted.TORCH_MODULE: "{name}.to({device}, torch.{dtype})({given})",
    Adapted.TORCH_MODULE_CLASS: "{name}().to({device}, torch.{dtype})({given})",
}
"""How a subject is called. A module is moved to the device and the dtype of the logits."""


@dataclass(frozen=True)
class _Steps:
    """What follows the call, whose answer is ``total``: lines, and the answer to the claim.

    Attributes
    ----------
    leaf
        The argument with respect to which it is differentiated; None for its values.
    given
        How many of the arguments the subject itself is called with.
    """

    leaf: int | None
    given: int
    lines: Callable[[str, str, str], list[str]]


def _slope(leaf: str, upstream: str, _: str) -> list[str]:
    return [f"(answer,) = torch.autograd.grad(total, {leaf}, {upstream})"]


def _product(leaf: str, upstream: str, last: str) -> list[str]:
    return [
        f"(slope,) = torch.autograd.grad(total, {leaf}, {upstream}, create_graph=True)",
        f"(answer,) = torch.autograd.grad(slope, {leaf}, {last})",
    ]


def _pullback(leaf: str, _: str, last: str) -> list[str]:
    return [f"(answer,) = torch.autograd.grad(total, {leaf}, {last}.to(total.dtype))"]


def _value(first: str, _: str, __: str) -> list[str]:
    return [f"answer = total.detach().to({first}.dtype)"]


_SLOPE = _Steps(0, 2, _slope)
_OF_LOSS = (_Steps(None, 2, _value), _SLOPE, _SLOPE, _Steps(0, 2, _product), _Steps(1, 2, _slope))
_OF_LOGITS = (_Steps(None, 1, _value), _Steps(0, 1, _pullback))

_STEPS = {
    name: steps
    for kind, each in ((LOSS, _OF_LOSS), (SOFTMAX, _OF_LOGITS), (LOG_SOFTMAX, _OF_LOGITS))
    for name, steps in zip(kind.quantities, each, strict=True)
}


def _upstream(arrays: dict[str, Array], changed: str) -> str:
    """Return the upstream gradient as Python; ones leave the arguments, if they stay ones."""
    if "upstream" not in arrays:
        return "torch.ones_like(total)"
    if changed != "upstream" and np.all(arrays["upstream"] == 1):
        del arrays["upstream"]
        return "torch.ones_like(total)"
    return "upstream.to(total.dtype).reshape(total.shape)"


def torch_part(asked: Asked, name: str) -> Part | None:
    """Return the part of a script that calls a PyTorch subject and differentiates it.

    Parameters
    ----------
    asked
        The call that the script makes.
    name
        The name of the subject.

    Returns
    -------
    None for several rows of a loss without a reduction. Such a loss may be one number all the same,
    and then the adapter asks in a way that depends on its values.
    """
    claim, subject = asked.claim, asked.claim.implementation
    quantity = cast("QuantityName", claim.quantity.name)
    if quantity in LOSS.quantities and not asked.one_value:
        return None
    steps, arrays = _STEPS[quantity], asked.arrays
    upstream = _upstream(arrays, asked.changed)
    names = list(arrays)
    leaf = names[steps.leaf or 0]
    device = json.dumps(subject.device)
    elsewhere = f", device={device}" if subject.device != "cpu" else ""

    def wants_gradient(one: str) -> bool:
        return steps.leaf is not None and one == leaf

    def short(one: str, numbers: str, whole: bool) -> str:
        dtype = "" if whole else f", dtype=torch.{asked.dtype}"
        gradient = ", requires_grad=True" if wants_gradient(one) else ""
        return f"{one} = torch.tensor({numbers}{dtype}{elsewhere}{gradient})"

    def long(one: str, whole: bool) -> str:
        dtype = "" if whole else f", torch.{asked.dtype}"
        gradient = ".requires_grad_()" if wants_gradient(one) else ""
        return f"{one} = torch.from_numpy({one}).to({device}{dtype}){gradient}"

    given = ", ".join(names[: steps.given])
    if subject.domain.overwrites_logits:  # Torch lets nobody write into a leaf.
        given = given.replace(names[0], f"{names[0]}.clone()", 1)
    called = _CALLED[subject.adapted].format(
        name=name, given=given, device=device, dtype=asked.dtype
    )
    first = "[0]" if subject.observed is not None and subject.observed() else ""
    lines = [f"total = {called}{first}"]
    if asked.evidence.second_backward:
        lines.append(f"torch.autograd.grad(total, {leaf}, {upstream}, retain_graph=True)")
    lines += steps.lines(leaf, upstream, names[-1])
    place = "" if steps.leaf is None and asked.one_value and steps.given == 2 else asked.place
    return Part(
        modules=("import torch",),
        given=tuple(tensor_lines(arrays, "torch", short, long)),
        lines=tuple(lines),
        returned=f"answer{place}.item()",
        demanded=asked.demanded("numel()", "torch", values=steps.leaf is None),
        kept="{}.detach().clone()",
        unchanged="torch.equal({}, before)",
        library="torch",
    )
