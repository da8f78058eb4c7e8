"""The Jacobian of softmax with its diagonal only.

Softmax looks like the sigmoid and has the same derivative on the diagonal, so people take it for a
function of one logit at a time. But the sum in the denominator contains every logit: a larger logit
lowers all the other probabilities. The product of this matrix with a vector is a backward rule of
one class at a time, and is wrong in the same way as the gradient by the diagonal chain rule.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "jacobian", "softmax_backward"]


def jacobian(logits: Array) -> Array:
    """Return ``o_j (1 - o_j)`` on the diagonal and 0 off it, where ``-o_i o_j`` belongs.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[0.25, 0.  ],
            [0.  , 0.25]]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = np.zeros((*o.shape, o.shape[-1]), dtype=o.dtype)
    diagonal = np.arange(o.shape[-1])
    result[:, diagonal, diagonal] = o * (1 - o)
    return result


def softmax_backward(logits: Array, v: Array) -> Array:
    """Return ``o_j (1 - o_j) v_j``, where ``o_j (v_j - sum_k o_k v_k)`` is right.

    Examples
    --------
    >>> softmax_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.25, 0.  ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o * (1 - o) * v
    return result


implementation = Flaw(
    name="diagonal-jacobian",
    functions={"do/dz": jacobian, "softmax-backward": softmax_backward},
    formula="do_j/dz_j = o_j (1 - o_j), do_i/dz_j = 0 for i != j",
    source="reported in libnd4j #440; also in the question that gradcert grew from",
    kind=FlawKind.FORMULA,
    links=("https://github.com/deeplearning4j/libnd4j/issues/440",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
