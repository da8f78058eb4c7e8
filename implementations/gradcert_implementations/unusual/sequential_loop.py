"""A plain Python loop over the classes, with one accumulator.

A first version in C or Fortran looks like this, and so does one thread of a simple kernel. The
error grows with the number of classes. NumPy's pairwise sum grows with its logarithm: N. J. Higham,
"The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993).
"""

import numpy as np

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, every sum and maximum taken one class after the other.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    result = np.empty_like(logits)
    for row, values in enumerate(logits):
        largest = max(values)
        total = logits.dtype.type(0)
        powers = []
        for value in values:
            power = np.exp(value - largest)
            powers.append(power)
            total = total + power
        for j, power in enumerate(powers):
            result[row, j] = power / total - targets[row, j]
    return result


implementation = Implementation(name="sequential-loop", functions={"dE/dz": gradient})
