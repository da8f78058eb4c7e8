"""The logarithm of the softmax, each computed for itself.

The loss is written as the book defines it: softmax first, then its logarithm. The softmax is
shifted and right. But the probability of an unlikely class underflows to zero, and the logarithm of
zero is infinite, although the loss is the difference of two logits. A row that is certain and wrong
has an infinite loss, and its gradient by the chain rule is NaN.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "log_softmax", "loss", "target_gradient"]


def log_softmax(logits: Array) -> Array:
    """Return ``ln o_j``, the logarithm of a number that may have underflowed.

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 0.0]]))
    array([[-0.69314718, -0.69314718]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return np.log(o)


def target_gradient(logits: Array, _targets: Array) -> Array:
    """Return ``-ln o_j``, the logarithm of a number that may have underflowed.

    Examples
    --------
    >>> target_gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.69314718]])
    """
    return -log_softmax(logits)


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln o_j``, the logarithm of a number that may have underflowed.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    total: Array = np.where(targets == 0, 0, -targets * log_softmax(logits)).sum(axis=-1)
    return total


implementation = Flaw(
    name="log-of-softmax",
    functions={"loss": loss, "log-softmax": log_softmax, "dE/dt": target_gradient},
    formula="ln o_j, and the loss of it, where o_j is 0 if it underflows",
    source="a common slip; PyTorch's log_softmax says that log(softmax(x)) is numerically unstable",
    kind=FlawKind.OVERFLOW,
    links=("https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html",),
    exposed_by=(((1000.0, 0.0),), ((0.0, 1.0),)),
)
