"""A sum in bfloat16 that stops growing at 256.

The exponentials are added one by one in the format of the logits. In bfloat16, 256 plus 1 is 256
again, so the sum of many equal terms stops there. From then on a class more makes no difference,
and all probabilities of a wide row are too large, many times over for a large vocabulary. In a row
of ten classes the sum is as good as any. Kernels add in binary32 and round once.
"""

import numpy as np
from ml_dtypes import bfloat16

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, the sum rounded to bfloat16 after each term.

    Examples
    --------
    >>> row = np.zeros((1, 1024), bfloat16)
    >>> gradient(row, row)[0, :2]
    array([0.00390625, 0.00390625], dtype=bfloat16)
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    total = np.add.accumulate(powers.astype(bfloat16), axis=-1)[:, -1:]
    o: Array = powers / total.astype(logits.dtype)
    return o - targets


implementation = Flaw(
    name="sum-stops-in-bfloat16",
    functions={"dE/dz": gradient},
    formats=("bfloat16",),
    formula="S := bfloat16(S + exp(z_k - m)), one class after the other",
    source="reported in ExecuTorch PR 20090, tt-metal #52045",
    kind=FlawKind.PRECISION,
    links=(
        "https://github.com/pytorch/executorch/pull/20090",
        "https://github.com/tenstorrent/tt-metal/issues/52045",
    ),
    exposed_by=(((0.0,) * 1025,), ((1.0, *(0.0,) * 1024),)),
)
