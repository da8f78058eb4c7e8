"""Softmax applied to the output of softmax.

A network ends in a softmax layer, and the loss applies softmax once more, because it expects
logits. Each half is right by itself. The probabilities lie between 0 and 1, so the second softmax
makes them nearly equal. The network can never be certain of a class, the loss cannot come close to
zero, and training is slow rather than broken.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def _softmax(z: Array) -> Array:
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``softmax(softmax(z))_j - t_j``, with one softmax too many.

    Examples
    --------
    >>> gradient(np.array([[0.0, 1000.0]]), np.array([[1.0, 0.0]]))
    array([[-0.73105858,  0.73105858]])
    """
    return _softmax(_softmax(logits)) - targets


implementation = Flaw(
    name="softmax-twice",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = softmax(softmax(z))_j - t_j",
    source="a common slip; PyTorch's CrossEntropyLoss says that its input is unnormalised logits",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
