"""The gradient by the targets is zero where a target is zero.

The loss leaves out classes without a target, because zero times an infinite logarithm is NaN. It
does so with a choice: zero where the target is zero, the product elsewhere. The value is right.
Autograd differentiates the branch that was taken, and that of a zero is the constant zero. A target
that is zero can then never grow again.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "target_gradient"]


def target_gradient(logits: Array, targets: Array) -> Array:
    """Return ``-ln o_j`` where ``t_j`` is not zero, and zero elsewhere.

    Examples
    --------
    >>> target_gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0.69314718, 0.        ]])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
    result: Array = np.where(targets == 0, 0, surprise)
    return result


implementation = Flaw(
    name="target-gradient-masked",
    functions={"dE/dt": target_gradient},
    formula="dE/dt_j = -ln o_j where t_j != 0, else 0",
    source="reported in TensorFlow #119476, of xlogy",
    kind=FlawKind.FORMULA,
    links=("https://github.com/tensorflow/tensorflow/issues/119476",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
