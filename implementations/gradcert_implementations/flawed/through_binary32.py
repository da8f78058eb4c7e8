"""Computed in binary32 and handed back as binary64.

A framework with binary32 as its default converts the arguments, a kernel has only one instance, or
a constant array has fewer bits than anybody thought. The dtype is changed back on the way out. It
says binary64, but half of the digits are noise. Finite differences in the same arithmetic need so
large a tolerance that they see nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

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


def _shifted(logits: Array) -> Array:
    z = logits.astype(np.float32)
    shifted: Array = z - z.max(axis=-1, keepdims=True)
    return shifted


def _softmax(logits: Array) -> Array:
    powers = np.exp(_shifted(logits))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def softmax(logits: Array) -> Array:
    """Return ``binary32(o_j)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    return _softmax(logits).astype(logits.dtype)


def loss(logits: Array, targets: Array) -> Array:
    """Return ``binary32(-sum_j t_j ln o_j)``; a zero target adds nothing.

    Examples
    --------
    >>> loss(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([0.69314718])
    """
    shifted, t = _shifted(logits), targets.astype(np.float32)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    total: Array = (t * np.where(t == 0, 0, surprise)).sum(axis=-1)
    return total.astype(logits.dtype)


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``binary32(-t_j / o_j)``, 0 for a zero target.

    Examples
    --------
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-2.,  0.]])
    """
    o, t = probabilities.astype(np.float32), targets.astype(np.float32)
    slopes = np.divide(-t, o, out=np.zeros_like(t), where=t != 0)
    return slopes.astype(probabilities.dtype)


def jacobian(logits: Array) -> Array:
    """Return ``binary32(o_j (1 - o_j))`` and ``binary32(-o_i o_j)`` off the diagonal.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[ 0.25, -0.25],
            [-0.25,  0.25]]])
    """
    o = _softmax(logits)
    result: Array = -o[:, :, None] * o[:, None, :]
    diagonal = np.arange(o.shape[-1])
    result[:, diagonal, diagonal] = o * (1 - o)
    return result.astype(logits.dtype)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``binary32(o_j - t_j)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    difference: Array = _softmax(logits) - targets.astype(np.float32)
    return difference.astype(logits.dtype)


def log_softmax(logits: Array) -> Array:
    """Return ``binary32(ln o_j)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> log_softmax(np.array([[0.0, 0.0]]))
    array([[-0.69314718, -0.69314718]])
    """
    shifted = _shifted(logits)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result.astype(logits.dtype)


def target_gradient(logits: Array, _targets: Array) -> Array:
    """Return ``binary32(-ln o_j)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> target_gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.69314718]])
    """
    return -log_softmax(logits)


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``binary32(o_j (v_j - sum_k o_k v_k))``, which holds 24 bits of the 53.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    o, narrow = _softmax(logits), v.astype(np.float32)
    result: Array = o * (narrow - (o * narrow).sum(axis=-1, keepdims=True))
    return result.astype(logits.dtype)


def log_softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``binary32(v_j - o_j sum_k v_k)``, which holds 24 bits of the 53.

    Examples
    --------
    >>> log_softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    narrow = v.astype(np.float32)
    result: Array = narrow - _softmax(logits) * narrow.sum(axis=-1, keepdims=True)
    return result.astype(logits.dtype)


def hessian_vector_product(logits: Array, targets: Array, v: Array) -> Array:
    """Return ``binary32(T o_j (v_j - sum_k o_k v_k))``, with T the sum of the targets.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[0.5, 1.5]], [[1.0, 0.0]]]))
    array([[ 0.5, -0.5]])
    """
    o, narrow = _softmax(logits), v.astype(np.float32)
    product: Array = o * (narrow - (o * narrow).sum(axis=-1, keepdims=True))
    result: Array = targets.astype(np.float32).sum(axis=-1, keepdims=True) * product
    return result.astype(logits.dtype)


implementation = Flaw(
    name="through-binary32",
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
    formats=("binary64",),
    formula="every operation is rounded to binary32",
    source="a common slip; JAX computes in binary32 unless jax_enable_x64 is set",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
    rounds_to="binary32",
)
