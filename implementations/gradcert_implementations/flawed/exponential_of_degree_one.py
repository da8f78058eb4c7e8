"""An exponential that is a straight line between powers of two.

Written to base two, an exponential is a power of two times a number between one and two. The power
of two is an exponent field, which costs nothing, and a straight line replaces the rest. That is too
large by up to six percent, so some people start the line below one to balance the error. The
softmax still sums to one. It was made for small networks and for pictures of attention, where
nobody sees it.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, ParametricFlaw

__all__ = ["implementation", "with_line_from"]

_LN_2 = float(np.log(2))
# Two to this power is zero in every format, and infinity is avoided.
_NO_BITS = -2000


def with_line_from(start: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``, with ``exp(x) = 2**k (start + f)``, ``x / ln 2 = k + f``.

    Examples
    --------
    >>> with_line_from(1)["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.5,  0.5]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        shifted = logits - logits.max(axis=-1, keepdims=True)
        bits = np.maximum(shifted / _LN_2, _NO_BITS)
        whole = np.floor(bits)
        powers = np.exp2(whole) * (start + (bits - whole))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(start: float) -> str:
    return f"exp(x) = 2**k ({start:g} + f), where x / ln 2 = k + f, 0 <= f < 1"


implementation = ParametricFlaw(
    name="exponential-of-degree-one",
    functions=with_line_from(1),
    formula=_stated(1),
    source="reported in OpenVINO PR 37857; the idea is described by Schraudolph (1999)",
    kind=FlawKind.PRECISION,
    links=("https://github.com/openvinotoolkit/openvino/pull/37857",),
    exposed_by=(((1.0, 0.0),), ((1.0, 0.0),)),
    at=with_line_from,
    stated=_stated,
    fit=Between(0.5, 2),
)
