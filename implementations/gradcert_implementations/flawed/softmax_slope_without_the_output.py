"""The derivative of softmax as one minus the output.

The diagonal of the Jacobian is the output times one minus the output. The code says one times one
minus the output: the first factor was simplified away, and nothing fails. In the product with the
gradient by the probabilities, the division by the probability should cancel that factor. Now it
stays, and a small probability makes the answer far too large.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation", "jacobian"]


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o


def jacobian(logits: Array) -> Array:
    """Return ``1 - o_j`` on the diagonal and 0 off it.

    Examples
    --------
    >>> jacobian(np.array([[0.0, 0.0]]))
    array([[[0.5, 0. ],
            [0. , 0.5]]])
    """
    slopes = 1 - _softmax(logits)
    result: Array = slopes[:, :, None] * np.eye(logits.shape[-1], dtype=logits.dtype)
    return result


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``-t_j / o_j (1 - o_j)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-1., -0.]])
    """
    o = _softmax(logits)
    result: Array = -targets / np.where(targets == 0, 1, o) * (1 - o)
    return result


implementation = Flaw(
    name="softmax-slope-without-the-output",
    functions={"do/dz": jacobian, "dE/dz": gradient},
    formula="do_j/dz_j = 1 - o_j, so that dE/dz_j = -t_j / o_j (1 - o_j)",
    source="reported in neuroph #37",
    kind=FlawKind.FORMULA,
    links=("https://github.com/neuroph/neuroph/issues/37",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
