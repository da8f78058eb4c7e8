"""The slope of a two-term log-sum-exp where its terms are equal.

Log-sum-exp is built from its form for two terms: their maximum plus the logarithm of one plus the
exponential of minus their distance. The distance has no slope at zero, and the maximum gives all of
its slope to the first of two equal numbers. So where both terms are equal, the first gets the slope
of both. Random logits never tie, so finite differences agree everywhere they are tried.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``; a class that ties with all before it together leaves them its share.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """
    tied = np.zeros(logits.shape, dtype=bool)
    tied[:, 1:] = logits[:, 1:] == np.logaddexp.accumulate(logits, axis=-1)[:, :-1]
    later = tied[:, ::-1].cumsum(axis=-1, dtype=np.intc)[:, ::-1] - tied
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o = powers / powers.sum(axis=-1, keepdims=True)
    shares: Array = np.where(tied, 0, np.ldexp(o, later)).astype(logits.dtype)
    return shares - targets


implementation = Flaw(
    name="log-add-exp-at-ties",
    functions={"dE/dz": gradient},
    formula="d ln(e^a + e^b) / da = 1 and / db = 0 where a = b, both 1/2 in truth",
    source="reported in Keras PR 23616, TensorFlow PR 127741",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/keras-team/keras/pull/23616",
        "https://github.com/tensorflow/tensorflow/pull/127741",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),)),
)
