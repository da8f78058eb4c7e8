"""An upcast that copies only if the format changes.

Logits in 16 bits are cast to binary32. The cast makes a copy, and the kernel then works on that
copy in place, which is safe. Logits in binary32 need no cast, so the same line makes no copy, and
the caller's array is overwritten. The code reads as if it always worked on an array of its own, and
in the format it was written for it does.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, computed in place in what may be the caller's array.

    Examples
    --------
    >>> logits = np.array([[0, 0]], np.float32)
    >>> gradient(logits, np.array([[1, 0]], np.float32))
    array([[-0.5,  0.5]], dtype=float32)
    >>> logits
    array([[0.5, 0.5]], dtype=float32)
    """
    o: Array = np.require(logits, np.float32, ["W"])
    o -= o.max(axis=-1, keepdims=True)
    np.exp(o, out=o)
    o /= o.sum(axis=-1, keepdims=True)
    return (o - targets.astype(np.float32)).astype(logits.dtype)


implementation = Flaw(
    name="upcast-is-a-copy-only-if-needed",
    functions={"dE/dz": gradient},
    formats=("binary32", "bfloat16"),
    formula="x = z as binary32, no copy if it is; x := softmax(x), dE/dz_j = x_j - t_j",
    source="reported in Megatron-LM PR 1594",
    kind=FlawKind.MEMORY,
    links=("https://github.com/NVIDIA/Megatron-LM/pull/1594",),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
