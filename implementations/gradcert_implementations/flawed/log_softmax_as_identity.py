"""The gradient of log-softmax taken as the identity.

The gradient by the log-probabilities is minus the targets. The step from there to the logits is
missing: the backward rule does not exist, or it was written for another function, and returns its
input. The target's logit is pushed up as it should be, but too hard. Nothing ever pushes the others
down. The answer does not depend on the logits at all.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "log_softmax_backward"]


def gradient(_logits: Array, targets: Array) -> Array:
    """Return ``-t_j``, the gradient by the log-probabilities and not by the logits.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1., -0.]])
    """
    by_log_probability: Array = np.negative(targets)
    return by_log_probability


def log_softmax_backward(_logits: Array, v: Array) -> Array:
    """Return ``v_j``, the gradient by the log-probabilities and not by the logits.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[1., 0.]])
    """
    return v.copy()


implementation = Flaw(
    name="log-softmax-as-identity",
    functions={"dE/dz": gradient, "log-softmax-backward": log_softmax_backward},
    formula="dE/dz_j = -t_j, and v_j where v_j - o_j sum_k v_k is right",
    source="reported in PyTorch #190746",
    kind=FlawKind.FORMULA,
    links=("https://github.com/pytorch/pytorch/issues/190746",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
