"""PyTensor: ``pytensor.gradient.Lop`` of a loss from ``pytensor.tensor.special.log_softmax``.

The loss is the sum over classes of ``-t_j log_softmax(z)_j``, where a zero target adds nothing even
if its logit is -inf. ``Lop`` takes the upstream gradient of each row. The documentation names no
domain for targets. Its matrices have the formats binary64 and binary32.
https://pytensor.readthedocs.io/en/latest/library/tensor/special.html
https://pytensor.readthedocs.io/en/latest/library/gradient.html
"""

from functools import cache
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor import special

from gradcert_implementations.adapters.offered import no_options
from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation", "loss", "softmax"]


@cache
def _compiled(dtype: str) -> dict[str, Any]:
    z, t = pt.matrix("z", dtype=dtype), pt.matrix("t", dtype=dtype)
    g = pt.vector("g", dtype=dtype)
    log_o = special.log_softmax(z, axis=1)
    rows = -pt.switch(pt.eq(t, 0), pt.zeros_like(z), t * log_o).sum(axis=1)
    return {
        "softmax": pytensor.function([z], special.softmax(z, axis=1)),
        "loss": pytensor.function([z, t], rows),
        "dE/dz": pytensor.function([z, t, g], pytensor.gradient.Lop(rows, z, g)),
    }


def softmax(logits: Array) -> Array:
    """Return ``pytensor.tensor.special.softmax``."""
    o: Array = _compiled(logits.dtype.name)["softmax"](logits)
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return the cross-entropy of each row."""
    total: Array = _compiled(logits.dtype.name)["loss"](logits, targets)
    return total


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return ``pytensor.gradient.Lop`` of the loss by the logits."""
    g = np.ones(len(logits), logits.dtype) if upstream is None else upstream
    slope: Array = _compiled(logits.dtype.name)["dE/dz"](logits, targets, g)
    return slope


implementation = Implementation(
    name="pytensor",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    library="pytensor",
    takes_upstream=True,
    functions_for=no_options,
)
