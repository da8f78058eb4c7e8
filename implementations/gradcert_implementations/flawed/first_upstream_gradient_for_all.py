"""The first upstream gradient is used for all rows.

A kernel was written for the mean of a batch, whose upstream gradient is one number. It reads that
number by its pointer. Without a reduction the upstream gradient has one number for each row, and
the pointer is that of the first. Equal numbers, as a sum hands them over, show nothing.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return ``g_0 (o_j - t_j)`` for every row.

    Examples
    --------
    >>> z, t = np.zeros((2, 2)), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> gradient(z, t, np.array([1.0, 4.0]))
    array([[-0.5,  0.5],
           [-0.5,  0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return (o - targets) * upstream[:1, np.newaxis]


implementation = Flaw(
    name="first-upstream-gradient-for-all",
    functions={"dE/dz": gradient},
    takes_upstream=True,
    formula="dF/dz_rj = g_0 (o_rj - t_rj)",
    source="reported in Liger-Kernel #678, #968, #1298, TransformerEngine #1879, PR 2139, that of "
    "ROCm, PR 336",
    kind=FlawKind.MEMORY,
    links=(
        "https://github.com/linkedin/Liger-Kernel/issues/678",
        "https://github.com/linkedin/Liger-Kernel/issues/968",
        "https://github.com/linkedin/Liger-Kernel/issues/1298",
        "https://github.com/NVIDIA/TransformerEngine/issues/1879",
        "https://github.com/NVIDIA/TransformerEngine/pull/2139",
        "https://github.com/ROCm/TransformerEngine/pull/336",
    ),
    exposed_by=(((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0))),
    upstream=(1.0, 2.0),
)
