"""The diagonal product, for outputs that are the logits themselves, with squared error.

``dE/do_j = o_j - t_j`` times ``do_j/dz_j = 1``: in regression the shortcut is right.
"""

import numpy as np

from gradcert_implementations.interface import Array, Domain, Implementation, Loss

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``dE/dz_j = (o_j - t_j) 1``, ``o_j = z_j``.

    Examples
    --------
    >>> gradient(np.array([[3.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[2., 0.]])
    """
    slope: Array = logits - targets
    return slope * np.ones_like(logits)


implementation = Implementation(
    name="identity-product",
    functions={"dE/dz": gradient},
    domain=Domain(targets="signed"),
    loss=Loss(output="identity"),
)
