"""The second derivative of the loss is zero.

A fused loss hands its gradient to the framework as a value that was computed beside the loss. The
framework takes it for a constant, and its derivative for zero. Nothing raises, because zero is the
right answer for a constant. A gradient penalty or a second-order method built on it then does
nothing, and the training goes on as if it were not there.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array

__all__ = ["hessian_vector_product", "implementation"]


def hessian_vector_product(_logits: Array, _targets: Array, v: Array) -> Array:
    """Return zeros, whatever v is.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]]]))
    array([[0., 0.]])
    """
    return np.zeros_like(v, order="C")


implementation = Flaw(
    name="hessian-zero",
    functions={"hvp": hessian_vector_product},
    formula="0",
    source="reported in TensorFlow #5876, #7403",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/tensorflow/tensorflow/issues/5876",
        "https://github.com/tensorflow/tensorflow/issues/7403",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 0.0),), ((1.0, 0.0),)),
)
