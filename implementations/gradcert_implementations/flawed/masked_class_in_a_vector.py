"""The vector exponential of a masked class is NaN.

The classes are taken eight at a time by a vector exponential, and the rest one by one by that of
the library. The vector exponential subtracts a multiple of ln 2 from its argument. Of minus
infinity it subtracts minus infinity, and the result is NaN. Rows shorter than a vector never reach
it, so small tests with a mask pass, and larger shapes give NaN.
"""

from collections.abc import Mapping

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import OneOf, ParametricFlaw

__all__ = ["implementation", "in_vectors_of"]


def in_vectors_of(length: float) -> Mapping[QuantityName, Function]:
    """Return ``o_j - t_j``; NaN if a class is masked that is computed in a whole vector.

    Examples
    --------
    >>> in_vectors_of(8)["dE/dz"](np.array([[0.0, -np.inf]]), np.array([[1.0, 0.0]]))
    array([[0., 0.]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        classes = logits.shape[-1]
        in_a_vector = np.arange(classes) < classes - classes % int(length)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        powers = np.where(in_a_vector & (logits == -np.inf), np.nan, powers).astype(logits.dtype)
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - targets

    return {"dE/dz": gradient}


def _stated(length: float) -> str:
    return f"exp(-inf) is NaN, in the classes j < n - n mod {length:g}"


implementation = ParametricFlaw(
    name="masked-class-in-a-vector",
    functions=in_vectors_of(8),
    formula=_stated(8),
    source="reported in PaddleOCR PR 18341, where -inf gives NaN in larger shapes only",
    kind=FlawKind.MASK,
    links=("https://github.com/PaddlePaddle/PaddleOCR/pull/18341",),
    exposed_by=(((*(0.0,) * 7, -np.inf),), ((1.0, *(0.0,) * 7),)),
    at=in_vectors_of,
    stated=_stated,
    fit=OneOf(tuple((2.0**k,) for k in range(1, 8))),
)
