"""A PyTorch function, called so that the gradient of its logits is made wrong."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gradcert.audit.own_tests.mutating import Mutating
from gradcert.audit.own_tests.operands import Operands, largest
from gradcert_implementations.adapters.tensors import array_of, tensor_of

__all__ = ["called_with_tensors"]


def _outputs(answer: Any) -> Iterable[Tensor]:
    """Return the tensors of an answer that have a gradient."""
    found: Iterable[Any] = [answer]
    if isinstance(answer, Mapping):
        found = answer.values()
    elif isinstance(answer, tuple | list):
        found = answer
    return [one for one in found if isinstance(one, Tensor) and one.requires_grad]


def _like(gradient: Tensor, wrong: Tensor) -> Tensor:
    """Return wrong values with the dtype, the device and the layout of a gradient.

    They can be differentiated like the gradient, if that can.
    """
    same = torch.empty_like(gradient).copy_(wrong)
    return gradient + (same - gradient.detach()) if gradient.requires_grad else same


def called_with_tensors(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], mutating: Mutating
) -> Any:
    """Call a PyTorch function whose gradient by the logits is made wrong in every backward.

    The logits are the floating-point argument with the most dimensions that needs a gradient, of
    these the largest. The function gets a view of them, through which only its own gradient flows.
    So its values are the original ones, and so are the gradients of all other arguments. The
    upstream gradient is known where one output has a gradient.
    """
    tensors = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
    leaves = [one for one in tensors if one.requires_grad and one.is_floating_point()]
    logits = largest(leaves, lambda one: tuple(one.shape))
    if logits is None or not torch.is_grad_enabled():
        return function(*args, **kwargs)
    view = logits.view_as(logits)
    # The function may overwrite its arguments.
    others = [one for one in tensors if one is not logits]
    wanted = [one for one in others if mutating.needs_arguments or not one.is_floating_point()]
    arrays = tuple(array_of(one).copy() for one in wanted)
    values = array_of(logits).copy() if mutating.needs_arguments else None
    upstream: dict[int, Tensor] = {}

    def changed(gradient: Tensor | None) -> Tensor | None:
        if gradient is None:  # What autograd knows to be zero.
            return None
        given = list(upstream.values())
        upstream.clear()  # The next backward has its own.
        only = array_of(given[0]) if len(given) == 1 else None
        wrong = mutating.replaced(array_of(gradient), Operands(arrays, values, only))
        return None if wrong is None else _like(gradient, tensor_of(wrong))

    def noted(place: int) -> Callable[[Tensor], None]:
        def note(gradient: Tensor | None) -> None:
            if gradient is not None:
                upstream[place] = gradient

        return note

    def replaced(gradients: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        """Make one of the gradients of a node wrong."""
        wrong = changed(gradients[number])
        given = gradients[number] if wrong is None else wrong
        return (*gradients[:number], given, *gradients[number + 1 :])

    hook = view.register_hook(changed)
    made_by, number = logits.grad_fn, logits.output_nr

    def seen(argument: Any) -> Any:
        return view if argument is logits else argument

    answer = function(*map(seen, args), **{name: seen(one) for name, one in kwargs.items()})
    if made_by is not None and logits.grad_fn is not made_by:
        # An overwritten tensor is made by another node, and the hook of its view is never called.
        hook.remove()
        made_by.register_prehook(replaced)
    for place, output in enumerate(_outputs(answer)):
        output.register_hook(noted(place))
    return answer
