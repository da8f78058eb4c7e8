"""The logits are overwritten by their softmax.

Logits are the largest array of a language model, and computing the softmax in their place saves a
copy. The returned gradient is right, but the caller's array has changed. Code that reads the logits
afterwards, such as a metric, a second loss or a retry of the same step, reads probabilities and
gets a plausible answer.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``; if the logits are writable, o_j overwrites them.

    Examples
    --------
    >>> logits = np.array([[0.0, 0.0]])
    >>> gradient(logits, np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    >>> logits
    array([[0.5, 0.5]])
    """
    o = logits if logits.flags.writeable else logits.copy()
    o -= o.max(axis=-1, keepdims=True)
    np.exp(o, out=o)
    o /= o.sum(axis=-1, keepdims=True)
    difference: Array = o - targets
    return difference


implementation = Flaw(
    name="overwrites-logits",
    functions={"dE/dz": gradient},
    formula="z := softmax(z), dE/dz_j = z_j - t_j",
    source="reported in Liger-Kernel #272, Unsloth #5002, apex #1587",
    kind=FlawKind.MEMORY,
    links=(
        "https://github.com/linkedin/Liger-Kernel/issues/272",
        "https://github.com/unslothai/unsloth/issues/5002",
        "https://github.com/NVIDIA/apex/issues/1587",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
