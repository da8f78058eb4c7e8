"""The gradient goes through the logarithms of the probabilities.

A loss written with log_softmax has the gradient v of the logarithms, -g a_j, and the backward of
log_softmax returns v_j - o_j sum_k v_k. Class weights and smoothing are in a, and the sum need not
be one. Autograd computes losses of this form.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_SMOOTHING, _WEIGHTS = 0.1, (0.25, 3.0, 1.0)


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``v_j - o_j sum_k v_k``, ``v_j = -g_r w_j ((1 - e) t_j + e / n)``.

    Examples
    --------
    >>> z, t = np.array([[0.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    >>> gradient(z, t, np.array([1.0])).round(6)
    array([[ 0.938889, -1.852778,  0.913889]])
    """
    number, classes = logits.dtype.type, logits.shape[-1]
    smoothed = targets * number(1 - _SMOOTHING) + number(_SMOOTHING / classes)
    v = -upstream[:, np.newaxis] * (smoothed * np.array(_WEIGHTS, logits.dtype))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    result: Array = v - np.exp(logarithms) * v.sum(axis=-1, keepdims=True)
    return result


implementation = Implementation(
    name="log-softmax-differentiated",
    functions={"dE/dz": gradient},
    loss=Loss(label_smoothing=_SMOOTHING, class_weights=_WEIGHTS),
    takes_upstream=True,
)
