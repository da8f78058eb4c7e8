"""Computed in binary32 and handed back as binary64.

A framework with binary32 as its default converts the arguments, a kernel has only one instance, or
a constant array has fewer bits than anybody thought. The dtype is changed back on the way out. It
says binary64, but half of the digits are noise. Finite differences in the same arithmetic need so
large a tolerance that they see nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "jacobian", "loss", "loss_by_probability", "softmax"]


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


implementation = Flaw(
    name="through-binary32",
    functions={
        "softmax": softmax,
        "loss": loss,
        "dE/do": loss_by_probability,
        "do/dz": jacobian,
        "dE/dz": gradient,
    },
    formats=("binary64",),
    formula="every operation is rounded to binary32",
    source="a common slip; JAX computes in binary32 unless jax_enable_x64 is set",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    rounds_to="binary32",
)
