"""Subnormal results set to zero in binary16.

Hardware and compilers have modes that replace subnormal numbers by zero for speed. In binary32 that
loses only numbers below ten to the minus 38, which nobody misses. But the smallest normal number of
binary16 is 0.00006, and one class among many often has a smaller probability. In binary16 the mode
sets most of a vocabulary's gradient to zero.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "softmax"]

_SMALLEST_NORMAL = 2.0**-14


def _softmax(z: Array) -> Array:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def _flushed(exact: Array, like: Array) -> Array:
    rounded = exact.astype(like.dtype)
    result: Array = np.where(np.abs(rounded) < _SMALLEST_NORMAL, 0, rounded)
    return result


def softmax(logits: Array) -> Array:
    """Return ``o_j``, or 0 where it is below ``2**-14``.

    Examples
    --------
    >>> softmax(np.array([[10, 0]], np.float16))
    array([[1., 0.]], dtype=float16)
    """
    return _flushed(_softmax(logits.astype(np.float32)), logits)


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, or 0 where its size is below ``2**-14``.

    Examples
    --------
    >>> gradient(np.array([[10, 0]], np.float16), np.array([[1, 0]], np.float16))
    array([[0., 0.]], dtype=float16)
    """
    return _flushed(_softmax(logits.astype(np.float32)) - targets.astype(np.float32), logits)


implementation = Flaw(
    name="subnormals-flushed",
    functions={"softmax": softmax, "dE/dz": gradient},
    formats=("binary16",),
    formula="a result smaller than 2**-14 is 0",
    source="a common slip",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(((10.0, 0.0),), ((1.0, 0.0),)),
)
