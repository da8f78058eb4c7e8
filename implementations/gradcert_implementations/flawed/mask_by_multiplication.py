"""Masked logits multiplied by zero, though they are infinite.

Masked entries should not count, and a multiplication by a mask of zeros and ones looks like a way
to do that without a branch. But zero times infinity is NaN, and the sum carries it to every class
of the row. The mask has to select, as ``where`` does, and it has to select before the arithmetic.
With finite logits the multiplication is harmless, so tests without a mask pass.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, from shifted logits multiplied by ``[z_j > -inf]``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    mask = logits > -np.inf
    shifted = (logits - logits.max(axis=-1, keepdims=True)) * mask
    powers = np.exp(shifted) * mask
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="mask-by-multiplication",
    functions={"dE/dz": gradient},
    formula="o_j = exp((z_j - m) [z_j > -inf]) / S, and -inf times 0 is NaN",
    source="reported in JAX #17117, #23842",
    kind=FlawKind.MASK,
    links=(
        "https://github.com/jax-ml/jax/issues/17117",
        "https://github.com/jax-ml/jax/issues/23842",
    ),
    exposed_by=(((0.0, 0.0, -np.inf),), ((1.0, 0.0, 0.0),)),
)
