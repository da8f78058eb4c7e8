"""An exponential that is a straight line between powers of two.

Written to base two, an exponential is a power of two times a number between one and two. The power
of two is an exponent field, which costs nothing, and a straight line replaces the rest. That is off
by up to six percent, exact at the powers of two, and the softmax still sums to one. It was made for
small networks and for pictures of attention, where nobody sees it.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["gradient", "implementation"]

_LN_2 = float(np.log(2))
# Two to this power is zero in every format, and infinity is avoided.
_NO_BITS = -2000


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, with ``exp(x) = 2**k (1 + f)``, ``x / ln 2 = k + f``.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    bits = np.maximum(shifted / _LN_2, _NO_BITS)
    whole = np.floor(bits)
    powers = np.exp2(whole) * (1 + (bits - whole))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


implementation = Flaw(
    name="exponential-of-degree-one",
    functions={"dE/dz": gradient},
    formula="exp(x) = 2**k (1 + f), where x / ln 2 = k + f, 0 <= f < 1",
    source="reported in OpenVINO PR 37857; the idea is described by Schraudolph (1999)",
    kind=FlawKind.PRECISION,
    links=("https://github.com/openvinotoolkit/openvino/pull/37857",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
)
