"""A sum in 16 bits that stops growing.

The exponentials are added one by one in a 16-bit format. In bfloat16, 256 plus 1 is 256 again, and
in binary16 the same happens at 2048, so the sum of many equal terms stops there. From then on a
class more makes no difference, and all probabilities of a wide row are too large, many times over
for a large vocabulary. In a row of ten classes the sum is as good as any. Kernels add in binary32
and round once.
"""

from collections.abc import Mapping

import numpy as np
from ml_dtypes import bfloat16

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["added_in_sixteen_bits", "implementation"]

_FORMATS = {"bfloat16": np.dtype(bfloat16), "binary16": np.dtype(np.float16)}


def added_in_sixteen_bits(format: float, terms: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, the sum rounded to bfloat16 (format 0) or binary16 (1) at each term.

    If `terms` is one, each term is rounded before it is added.

    Examples
    --------
    >>> row = np.zeros((1, 1024))
    >>> added_in_sixteen_bits(0, 1)["dE/dz"](row, row)[0, :2]
    array([0.00390625, 0.00390625])
    """
    dtype = tuple(_FORMATS.values())[int(format)]

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        total = powers[:, :1].astype(dtype)
        if terms:
            total = np.add.accumulate(powers.astype(dtype), axis=-1)[:, -1:]
        else:
            for term in powers.T[1:, :, None]:
                total = (total.astype(powers.dtype) + term).astype(dtype)
        o: Array = powers / total.astype(powers.dtype)
        return (o - targets).astype(logits.dtype)

    return {"dE/dz": gradient}


def _stated(format: float, terms: float) -> str:
    name = tuple(_FORMATS)[int(format)]
    term = f"{name}(exp(z_k - m))" if terms else "exp(z_k - m)"
    return f"S := {name}(S + {term}), one class after the other"


implementation = ParametricFlaw(
    name="sum-stops-growing",
    functions=added_in_sixteen_bits(0, 1),
    formats=("bfloat16", "binary16", "binary32", "binary64"),
    formula=_stated(0, 1),
    source="reported in ExecuTorch PR 20090, tt-metal #52045",
    kind=FlawKind.PRECISION,
    links=(
        "https://github.com/pytorch/executorch/pull/20090",
        "https://github.com/tenstorrent/tt-metal/issues/52045",
    ),
    exposed_by=(((0.0,) * 1025,), ((1.0, *(0.0,) * 1024),)),
    at=added_in_sixteen_bits,
    stated=_stated,
    fit=OneOf(((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0))),
)
