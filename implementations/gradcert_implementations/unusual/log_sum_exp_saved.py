"""The logarithm of the sum is saved, and used in the backward and in a second one.

The forward saves one number a row in place of all probabilities. The backward computes the
exponentials anew: exp(s z_j - lse). It changes nothing that was saved, so a second backward of the
same graph has the same answer.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation, Loss

__all__ = ["gradient", "implementation"]

_SCALE, _SMOOTHING = 0.5, 0.2


def _backward(logits: Array, lse: Array, targets: Array, upstream: Array) -> Array:
    number, classes = logits.dtype.type, logits.shape[-1]
    o = np.exp(logits * number(_SCALE) - lse)
    smoothed = targets * number(1 - _SMOOTHING) + number(_SMOOTHING / classes)
    result: Array = (o - smoothed) * (number(_SCALE) * upstream)[:, np.newaxis]
    return result


def _saved(logits: Array) -> Array:
    scaled = logits * logits.dtype.type(_SCALE)
    largest = scaled.max(axis=-1, keepdims=True)
    lse: Array = largest + np.log(np.exp(scaled - largest).sum(axis=-1, keepdims=True))
    return lse


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g_r s (exp(s z_j - lse) - a_j)``, with smoothed targets a.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([2.0]))
    array([[-0.4,  0.4]])
    """
    return _backward(logits, _saved(logits), targets, upstream)


def _second(logits: Array, targets: Array, upstream: Array) -> Array:
    lse = _saved(logits)
    _backward(logits, lse, targets, upstream)
    return _backward(logits, lse, targets, upstream)


implementation = Implementation(
    name="log-sum-exp-saved",
    functions={"dE/dz": gradient},
    loss=Loss(logit_scale=_SCALE, label_smoothing=_SMOOTHING),
    takes_upstream=True,
    second_backward=_second,
)
