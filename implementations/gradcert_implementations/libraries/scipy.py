"""SciPy: ``scipy.special.softmax`` and ``log_softmax``, from which the gradient is o - t.

SciPy has no cross-entropy. Its callers compute the gradient from its softmax: the softmax less the
targets, which sum to one. The documentation promises a softmax of any array and names no formats;
the result has the format of the argument. The loss leaves out the term of a zero target, where the
logarithm may be -inf.
https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.softmax.html
https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.log_softmax.html
"""

import numpy as np
from scipy import special

from gradcert_implementations.adapters.offered import no_options
from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation", "loss", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``scipy.special.softmax``."""
    o: Array = special.softmax(logits, axis=-1)
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return the sum of ``-t_j log_softmax(z)_j`` over the classes whose target is not zero."""
    log_o = np.where(targets == 0, 0, special.log_softmax(logits, axis=-1))
    total: Array = -(targets * log_o).sum(axis=-1, dtype=logits.dtype)
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``scipy.special.softmax`` less the targets."""
    difference: Array = softmax(logits) - targets
    return difference


implementation = Implementation(
    name="scipy",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=("binary64", "binary32", "binary16"),
    library="scipy",
    functions_for=no_options,
)
