"""Every quantity written out in NumPy, as one would on paper.

Formulas: Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 6.2.2.3. The shift by
the largest logit: Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax
functions", IMA J. Numer. Anal. 41 (2021). The 16-bit formats are computed in binary32 and rounded
once, at the end. :mod:`gradcert_implementations.numpy_losses` has the losses with options.
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation
from gradcert_implementations.names import FORMAT_NAMES
from gradcert_implementations.numpy_losses import functions_for

__all__ = [
    "gradient",
    "hessian_vector_product",
    "implementation",
    "jacobian",
    "log_softmax",
    "log_softmax_backward",
    "loss",
    "loss_by_probability",
    "softmax",
    "softmax_backward",
    "target_gradient",
]


def _working(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def _shifted(z: Array) -> Array:
    shifted: Array = z - z.max(axis=-1, keepdims=True)
    return shifted


def _softmax(z: Array) -> Array:
    powers = np.exp(_shifted(z))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def softmax(logits: Array) -> Array:
    """Return ``o_j = exp(z_j - m) / sum_k exp(z_k - m)``, ``m = max z``.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    return _softmax(_working(logits)).astype(logits.dtype)


def loss(logits: Array, targets: Array) -> Array:
    """Return ``E = sum_j t_j (ln sum_k exp(z_k - m) - (z_j - m))``; a zero target adds nothing.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    shifted, t = _shifted(_working(logits)), _working(targets)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = (t * np.where(t == 0, 0, surprise)).sum(axis=-1)
    return total.astype(logits.dtype)


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``dE/do_j = -t_j / o_j``.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-2., -0.]])
    """
    ratio: Array = -_working(targets) / _working(probabilities)
    return ratio.astype(targets.dtype)


def jacobian(logits: Array) -> Array:
    """Return ``do_j/dz_j = o_j (1 - o_j)`` and ``do_i/dz_j = -o_i o_j`` off the diagonal.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[ 0.25, -0.25],
            [-0.25,  0.25]]])
    """
    o = _softmax(_working(logits))
    result: Array = -o[:, :, None] * o[:, None, :]
    diagonal = np.arange(o.shape[-1])
    result[:, diagonal, diagonal] = o * (1 - o)
    return result.astype(logits.dtype)


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return ``dE/dz_j = o_j - t_j``, the chain rule's sum over i where targets sum to one.

    It is multiplied by the upstream gradient, one number a row, if there is one.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([2.0]))
    array([[-1.,  1.]])
    """
    difference: Array = _softmax(_working(logits)) - _working(targets)
    if upstream is not None:
        difference *= _working(upstream)[:, None]
    return difference.astype(logits.dtype)


def log_softmax(logits: Array) -> Array:
    """Return ``ln o_j = (z_j - m) - ln sum_k exp(z_k - m)``.

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 0.0]]))
    array([[-0.69314718, -0.69314718]])
    """
    shifted = _shifted(_working(logits))
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result.astype(logits.dtype)


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (v_j - sum_k o_k v_k)``.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    o, wide = _softmax(_working(logits)), _working(v)
    result: Array = o * (wide - (o * wide).sum(axis=-1, keepdims=True))
    return result.astype(logits.dtype)


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``v_j - o_j sum_k v_k``.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    wide = _working(v)
    result: Array = wide - _softmax(_working(logits)) * wide.sum(axis=-1, keepdims=True)
    return result.astype(logits.dtype)


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``T (o_j v_j - o_j sum_k o_k v_k)``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[ 0.5, -0.5]])
    """
    o, t, wide = _softmax(_working(logits)), _working(targets), _working(v)
    weighted = o * wide
    difference = weighted - o * weighted.sum(axis=-1, keepdims=True)
    result: Array = t.sum(axis=-1, keepdims=True) * difference
    return result.astype(logits.dtype)


def target_gradient(logits: Array, targets: Array) -> Array:
    """Return ``dE/dt_j = -ln o_j``, whatever the targets are.

    Examples
    --------
    >>> target_gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.69314718]])
    """
    shifted = _shifted(_working(logits))
    result: Array = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    return result.astype(targets.dtype)


implementation = Implementation(
    name="numpy",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
        "log-softmax": log_softmax,
        "softmax-backward": softmax_backward,
        "log-softmax-backward": log_softmax_backward,
        "hvp": hessian_vector_product,
        "dE/dt": target_gradient,
    },
    formats=FORMAT_NAMES,
    takes_upstream=True,
    functions_for=functions_for,
)
