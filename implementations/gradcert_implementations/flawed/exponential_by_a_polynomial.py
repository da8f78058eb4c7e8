"""A polynomial for the exponential that is zero from 13 on.

An old library has a quick exponential of minus x for its softmax: the eighth power of a polynomial
of degree four, inverted, and zero if x is 13 or more. It is good near zero, has two digits in the
middle, and less than one near 13. Beside the largest probability of a row all errors are small, and
a test with an absolute tolerance passes. A class among many thousands has a smaller probability
than the one where the function ends.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_END = 13.0


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with the exponential of the largest logit minus each by a polynomial.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    below = logits.max(axis=-1, keepdims=True) - logits
    near = np.minimum(below, _END)
    root = 1 + near / 8 * (1 + near / 16 * (1 + near / 24 * (1 + near / 32)))
    powers = np.where(below >= _END, 0, 1 / root**8)
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="exponential-by-a-polynomial",
    functions={"dE/dz": gradient},
    formula="exp(-x) = 1 / (1 + x/8 + x**2/128 + x**3/3072 + x**4/98304)**8, and 0 for x >= 13",
    source="reported in torch/nn #804",
    kind=FlawKind.PRECISION,
    links=("https://github.com/torch/nn/issues/804",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
