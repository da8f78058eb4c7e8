"""The diagonal product, for sigmoids with binary cross-entropy.

``dE/do_j = -t_j / o_j + (1 - t_j) / (1 - o_j)`` times ``do_j/dz_j = o_j (1 - o_j)``. The chain rule
has no other term: ``do_i/dz_j`` is zero off the diagonal. The product is cancelled on paper: the
quotients would overflow if an output is saturated.
"""

import numpy as np

from gradcert_implementations.interface import Array, Domain, Implementation, Loss

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``dE/dz_j = -t_j (1 - o_j) + (1 - t_j) o_j``, ``o_j = 1 / (1 + exp(-z_j))``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    power = np.exp(-np.abs(logits))
    larger, smaller = 1 / (1 + power), power / (1 + power)
    o = np.where(logits > 0, larger, smaller)
    rest = np.where(logits > 0, smaller, larger)
    result: Array = -targets * rest + (1 - targets) * o
    return result


implementation = Implementation(
    name="sigmoid-product",
    functions={"dE/dz": gradient},
    domain=Domain(targets="signed"),
    loss=Loss(output="sigmoid"),
)
