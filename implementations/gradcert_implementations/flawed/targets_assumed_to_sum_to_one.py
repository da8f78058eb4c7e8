"""The well-known difference, for targets that need not sum to one.

The well-known formula is short because it takes targets that sum to one, which is seldom written
beside it. Kernels that use it are then called with several labels at once, with weights folded into
the targets, or with a row of zeros that should be ignored. They answer without a warning. The true
gradient has the probability times the sum of the targets, and so has the true Hessian.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["gradient", "hessian_vector_product", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, which is ``o_j sum_i t_i - t_j`` only where the targets sum to one.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]]))
    array([[-0.5, -0.5]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    return o - targets


def hessian_vector_product(logits: Array, _targets: Array, v: Array) -> Array:
    """Return ``o_j v_j - o_j sum_k o_k v_k``, without the sum of the targets before it.

    Examples
    --------
    >>> hessian_vector_product(*np.array([[[0.0, 0.0]], [[1.0, 1.0]], [[1.0, 0.0]]]))
    array([[ 0.25, -0.25]])
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    weighted = o * v
    result: Array = weighted - o * weighted.sum(axis=-1, keepdims=True)
    return result


implementation = Flaw(
    name="targets-assumed-to-sum-to-one",
    functions={"dE/dz": gradient, "hvp": hessian_vector_product},
    domain=Domain(targets="any"),
    formula="dE/dz_j = o_j - t_j, and no T in the Hessian, whatever T = sum_i t_i is",
    source="reported in TensorFlow #46672, #60314, NeMo Automodel #2428",
    kind=FlawKind.FORMULA,
    links=(
        "https://github.com/tensorflow/tensorflow/issues/46672",
        "https://github.com/tensorflow/tensorflow/issues/60314",
        "https://github.com/NVIDIA-NeMo/Automodel/issues/2428",
    ),
    exposed_by=(((0.0, 0.0),), ((1.0, 1.0),), ((1.0, 0.0),)),
)
