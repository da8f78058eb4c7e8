"""The slope of binary cross-entropy in place of that of cross-entropy.

People know that the logit gradient is the difference of probability and target. They divide it by
the diagonal term of the Jacobian and get this formula. It belongs to binary cross-entropy, where
each output has a loss of its own that also counts its complement. Its sign is flipped here as well.
In cross-entropy only the classes with a target have a slope.
"""

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["implementation", "loss_by_probability"]


def loss_by_probability(probabilities: Array, targets: Array) -> Array:
    """Return ``(t_j - o_j) / (o_j (1 - o_j))``, though dE/do_j is ``-t_j / o_j``.

    Examples
    --------
    >>> import numpy as np
    >>> loss_by_probability(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[ 2., -2.]])
    """
    slope: Array = (targets - probabilities) / (probabilities * (1 - probabilities))
    return slope


implementation = Flaw(
    name="binary-cross-entropy-slope",
    functions={"dE/do": loss_by_probability},
    formula="dE/do_j = (t_j - o_j) / (o_j (1 - o_j))",
    source="the question that gradcert grew from",
    kind=FlawKind.FORMULA,
    links=(),
    exposed_by=(((0.5, 0.5),), ((1.0, 0.0),)),
)
