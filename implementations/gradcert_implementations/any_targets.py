"""The chain rule summed in full, for targets of any sign and sum.

The sum over i of ``(-t_i / o_i) do_i/dz_j``, with ``do_i/dz_j = -o_i o_j`` off the diagonal, is
``o_j sum_i t_i - t_j``. It is ``o_j - t_j`` only because targets usually sum to one. No step asks
for the sign of a target.
"""

import numpy as np

from gradcert_implementations.interface import Array, Domain, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``dE/dz_j = o_j sum_i t_i - t_j``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[2.0, 1.0]]))
    array([[-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    difference: Array = o * targets.sum(axis=-1, keepdims=True) - targets
    return difference


implementation = Implementation(
    name="any-targets", functions={"dE/dz": gradient}, domain=Domain(targets="signed")
)
