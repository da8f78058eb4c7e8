"""SciPy's softmax, less the targets.

The formula with the softmax of a library that many programs already use:
https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.softmax.html
"""

from scipy import special

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``softmax(z)_j - t_j``.

    Examples
    --------
    >>> import numpy as np
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    difference: Array = special.softmax(logits, axis=1) - targets
    return difference


implementation = Implementation(
    name="scipy-softmax", functions={"dE/dz": gradient}, library="scipy"
)
