"""DeZero: ``dezero.functions.softmax_cross_entropy``, differentiated by ``backward``.

The framework of the book *Deep Learning from Scratch 3*. The function takes class indices and
returns the mean over rows; the mean of one row is its own loss, so rows are given one at a time.
No documentation names domains or formats beyond the book's examples.
https://github.com/oreilly-japan/deep-learning-from-scratch-3/blob/master/dezero/functions.py
"""

import numpy as np
from dezero import Variable, functions

from gradcert_implementations.adapters.conventions import class_indices
from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``dezero.functions.softmax``."""
    o: Array = functions.softmax(logits).data
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return each row's gradient by ``softmax_cross_entropy(...).backward()``."""
    slopes = np.empty_like(logits)
    for row, label in enumerate(class_indices(targets)[:, None]):
        z = Variable(logits[row : row + 1])
        functions.softmax_cross_entropy(z, label).backward()
        slopes[row] = z.grad.data[0]
    return slopes


implementation = Implementation(
    name="dezero",
    functions={"softmax": softmax, "dE/dz": gradient},
    targets="index",
    library="dezero",
)
