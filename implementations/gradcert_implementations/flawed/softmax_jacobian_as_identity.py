"""The Jacobian of softmax taken as the identity.

The backward pass of the softmax layer copies the gradient that it gets. That is right in networks
whose loss already returns the difference of probability and target. With any other loss in front of
it the Jacobian is missing: the gradient by the probabilities arrives at the logits as it is. It is
far too large where a probability is small, and pushes no class down.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "jacobian", "softmax_backward"]


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def jacobian(logits: Array) -> Array:
    """Return 1 on the diagonal and 0 off it.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[1., 0.],
            [0., 1.]]])
    """
    identity = np.eye(logits.shape[-1], dtype=logits.dtype)
    result: Array = np.repeat(identity[None], len(logits), axis=0)
    return result


def softmax_backward(_logits: Array, v: Array) -> Array:
    """Return ``v_j``, the gradient by the probabilities.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[1., 0.]])
    """
    return v.copy()


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``-t_j / o_j``, the gradient by the probabilities.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-2., -0.]])
    """
    result: Array = -targets / np.where(targets == 0, 1, _softmax(logits))
    return result


implementation = Flaw(
    name="softmax-jacobian-as-identity",
    functions={"do/dz": jacobian, "softmax-backward": softmax_backward, "dE/dz": gradient},
    formula="do_i/dz_j = 1 for i = j, else 0, so that a vector v comes back as it is",
    source="reported in darknet PR 96",
    kind=FlawKind.FORMULA,
    links=("https://github.com/pjreddie/darknet/pull/96",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
