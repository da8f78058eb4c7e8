"""Labels are stored in eight bits.

The labels of ten or a hundred classes fit in a byte, and data sets store them so. The same code is
used for a vocabulary, and the label is taken modulo 256 without an error. The gradient is that of
another label: the right class is pushed down, and a class among the first 256 is pushed up. Labels
below 256 are right, and they are frequent, since a vocabulary is sorted by frequency.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - [j = y mod 256]``, with y the label of the row.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    labels = targets.argmax(axis=-1).astype(np.uint8)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    result: Array = o - (labels[:, None] == np.arange(logits.shape[-1])).astype(logits.dtype)
    return result


implementation = Flaw(
    name="label-in-eight-bits",
    functions={"dE/dz": gradient},
    domain=Domain(targets="index"),
    formula="dE/dz_j = o_j - [j = y mod 256], y the label",
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 1025,), ((*(0.0,) * 1024, 1.0),)),
)
