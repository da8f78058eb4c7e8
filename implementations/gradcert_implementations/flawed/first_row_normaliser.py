"""Every row is divided by the first row's sum of exponentials.

The sums of a batch lie in an array with one entry per row. The kernel reads the first entry for
every row: an index or a stride is missing, or a pointer lacks its offset. The first row is right,
so a batch of one row is right, and so is a batch of equal rows. Frameworks that pass one scalar
for the whole batch hide the same mistake in the upstream gradient.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``exp(z_bj - m_b) / S_0 - t_bj``, with the first row's sum in every row b.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0], [1000.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[-0.5,  0.5],
           [-0.5,  0. ]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    sums = powers.sum(axis=-1, keepdims=True)
    o: Array = powers / sums[:1]
    return o - targets


implementation = Flaw(
    name="first-row-normaliser",
    functions={"dE/dz": gradient},
    formula="o_bj = exp(z_bj - m_b) / S_0, S_0 the sum of row 0",
    source="a common slip; the upstream gradient is read so in Liger-Kernel #678, #968, #1298",
    kind=FlawKind.MEMORY,
    links=(
        "https://github.com/linkedin/Liger-Kernel/issues/678",
        "https://github.com/linkedin/Liger-Kernel/issues/968",
        "https://github.com/linkedin/Liger-Kernel/issues/1298",
    ),
    exposed_by=(((0.0, 0.0), (1.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
)
