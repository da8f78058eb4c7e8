"""The difference times the slope of the sigmoid.

Old texts derive the gradient for half the squared error and sigmoid outputs: the difference times
the output times one minus the output. The loss is changed to cross-entropy and the outputs to
softmax, and the line stays. Nothing looks wrong: the sign is right, and the sizes are small where
they should be. A class that is certain and wrong is hardly corrected.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``(o_j - t_j) o_j (1 - o_j)``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.125,  0.125]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = (o - targets) * o * (1 - o)
    return result


implementation = Flaw(
    name="difference-times-sigmoid-slope",
    functions={"dE/dz": gradient},
    formula="dE/dz_j = (o_j - t_j) o_j (1 - o_j)",
    source="a common slip; a reader of DeepLearnToolbox #113 asks for it",
    kind=FlawKind.FORMULA,
    links=("https://github.com/rasmusbergpalm/DeepLearnToolbox/issues/113",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
