"""Exponentials below the smallest normal number set to zero.

An exponential is put together from a whole power of two and a factor. The power is written into the
exponent field, whose lowest value is taken for zero, so a subnormal result comes out as zero. The
class has the probability zero, although a small one can be represented. A loss that takes the
logarithm of the probability is then infinite. Tests of softmax allow an error far above such
numbers.
"""

import ml_dtypes
import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "loss", "softmax"]


def _probabilities(logits: Array) -> Array:
    """Return the probabilities of logits in binary32 at least, flushed in the logits' format."""
    least = float(ml_dtypes.finfo(logits.dtype).smallest_normal)  # type: ignore[no-untyped-call]
    z = logits.astype(np.result_type(logits.dtype, np.float32))
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    normal = np.where(powers < least, 0, powers)
    o: Array = normal / normal.sum(axis=-1, keepdims=True)
    return o


def softmax(logits: Array) -> Array:
    """Return ``exp(z_j - m) / S``, where an exponential that is not a normal number is zero.

    Examples
    --------
    >>> softmax(np.array([[10, 0]], np.float16))
    array([[1., 0.]], dtype=float16)
    """
    return _probabilities(logits).astype(logits.dtype)


def loss(logits: Array, targets: Array) -> Array:
    """Return ``-sum_j t_j ln o_j`` with these probabilities.

    Examples
    --------
    >>> loss(np.array([[10, 0]], np.float16), np.array([[0, 1]], np.float16))
    array([inf], dtype=float16)
    """
    o = _probabilities(logits)
    t = targets.astype(o.dtype)
    with np.errstate(divide="ignore"):
        surprise = -np.log(np.where(t == 0, 1, o))
    total: Array = (t * surprise).sum(axis=-1).astype(logits.dtype)
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j sum_i t_i - t_j`` with these probabilities.

    Examples
    --------
    >>> gradient(np.array([[10, 0]], np.float16), np.array([[1, 0]], np.float16))
    array([[0., 0.]], dtype=float16)
    """
    o = _probabilities(logits)
    t = targets.astype(o.dtype)
    result: Array = (o * t.sum(axis=-1, keepdims=True) - t).astype(logits.dtype)
    return result


implementation = Flaw(
    name="exponentials-flushed",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=("binary16", "bfloat16", "binary32", "binary64"),
    formula="exp(x) = 0 where it is below the smallest normal number; E = -sum_j t_j ln o_j",
    source="reported in Modular PR 7102",
    kind=FlawKind.PRECISION,
    links=("https://github.com/modular/modular/pull/7102",),
    exposed_by=(((10.0, 0.0),), ((0.0, 1.0),)),
)
