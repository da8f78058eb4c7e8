"""Cut Cross-Entropy: ``linear_cross_entropy(impl="torch_compile")`` of one embedding per row.

The library multiplies embeddings by the weights of a classifier and never keeps the logits. Here
the embedding of a row is the number one and its logits are the weights, so the gradient by the
weights is the gradient by the logits. (An identity matrix would turn a logit of -inf into NaN.) The
documentation requires class indices. It offers ``torch_compile`` for the CPU, which needs a C
compiler; the library's own kernel ``cce`` is for GPUs. It names no formats. PyTorch compiles anew
for each shape and gives up after eight, unless its limit is raised.
https://github.com/apple/ml-cross-entropy#basic-usage
"""

import numpy as np
import torch
from cut_cross_entropy import linear_cross_entropy

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.tensors import array_of, tensor_of
from gradcert_implementations.interface import Array, Domain, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation"]

torch._dynamo.config.recompile_limit = 1000


def _row(logits: Array, label: Array) -> Array:
    weights = tensor_of(logits[:, None].copy()).requires_grad_()
    one = torch.ones((1, 1), dtype=weights.dtype)
    total = linear_cross_entropy(one, weights, tensor_of(label), impl="torch_compile")
    (slope,) = torch.autograd.grad(total, weights)
    return array_of(slope)[:, 0]


def gradient(logits: Array, targets: Array) -> Array:
    """Return each row's gradient by the classifier's weights."""
    slopes = np.empty_like(logits)
    for row, label in enumerate(class_indices(targets)[:, None]):
        slopes[row] = _row(logits[row], label)
    return slopes


implementation = Implementation(
    name="cut-cross-entropy",
    functions={"dE/dz": gradient},
    formats=FORMAT_NAMES,
    domain=Domain(targets="index"),
    library="cut-cross-entropy",
    compiles_per_shape=True,
    strides=Strides.NONE,  # Each row is copied.
)
