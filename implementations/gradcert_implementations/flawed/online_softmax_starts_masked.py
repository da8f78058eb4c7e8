"""A running maximum that is still minus infinity.

The online softmax starts with a maximum of minus infinity and a sum of zero, and rescales the sum
by the exponential of old maximum minus new maximum. If the first logit is masked, both are minus
infinity, and their difference is NaN. From then on the sum is NaN. One finite logit in front makes
all of it right, and a causal mask always leaves the first one.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, the sum rescaled class by class; NaN where ``z_0`` is -inf.

    Examples
    --------
    >>> gradient(np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    running = np.maximum.accumulate(logits, axis=-1)
    largest = running[:, -1:]
    total = (np.exp(logits - running) * np.exp(running - largest)).sum(axis=-1, keepdims=True)
    o: Array = np.exp(logits - largest) / total
    return o - targets


implementation = Flaw(
    name="online-softmax-starts-masked",
    functions={"dE/dz": gradient},
    formula="S := S exp(m - m') + exp(z_k - m'), where m' = max(m, z_k), and -inf - -inf is NaN",
    source="a common slip; the right way is described by Milakov and Gimelshein (2018)",
    kind=FlawKind.MASK,
    links=("https://arxiv.org/abs/1805.02867",),
    exposed_by=(((-np.inf, 0.0),), ((0.0, 1.0),)),
)
