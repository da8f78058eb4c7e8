"""The Jacobian of softmax with a plus off its diagonal.

The quotient rule has one minus sign. It is easily lost in the case of two different indices, where
the derivative of the numerator is zero. All probabilities would then rise together, although they
sum to one. The diagonal is right and the matrix is symmetric, as it should be. Only its rows no
longer sum to zero.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "jacobian"]


def jacobian(logits: Array) -> Array:
    """Return ``o_j (1 - o_j)`` on the diagonal and ``o_i o_j`` off it, where a minus belongs.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[0.25, 0.25],
            [0.25, 0.25]]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o[:, :, None] * o[:, None, :]
    diagonal = np.arange(o.shape[-1])
    result[:, diagonal, diagonal] = o * (1 - o)
    return result


implementation = Flaw(
    name="off-diagonal-sign",
    functions={"do/dz": jacobian},
    formula="do_j/dz_j = o_j (1 - o_j), do_i/dz_j = o_i o_j for i != j",
    source="a common slip",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
