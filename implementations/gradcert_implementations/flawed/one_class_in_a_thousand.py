"""One class in a thousand is off by 64 units in the last place.

A vectorised loop takes the classes in groups, and the first class of a group is computed in another
way: by a scalar exponential with fewer good digits, or from a table with one bad entry. The answer
is right for all but one class in a thousand, which has lost six bits. In a row of many classes a
sequential sum may lose as much, so the size of the error alone may not separate the two.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``o_j (1 + 64 eps)`` for j = 1024, 2048 and so on.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    o[:, 1024::1024] *= 1 + 64 * np.finfo(o.dtype).eps
    return o - targets


implementation = Flaw(
    name="one-class-in-a-thousand",
    functions={"dE/dz": gradient},
    formula="o_j = softmax(z)_j (1 + 64 eps) for j = 1024, 2048, ...",
    source="made for this suite, to test that it checks every part of the answer",
    kind=FlawKind.PRECISION,
    links=(),
    exposed_by=(
        ((0.0,) + (-np.inf,) * 1023 + (0.0,),),
        ((1.0,) + (0.0,) * 1024,),
    ),
)
