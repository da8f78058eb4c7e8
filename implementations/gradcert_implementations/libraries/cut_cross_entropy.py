"""Cut Cross-Entropy: ``linear_cross_entropy(impl="torch_compile")`` of one embedding per row.

The library multiplies embeddings by the weights of a classifier and never keeps the logits. Here
the embedding of a row is the number one and its logits are the weights, so the gradient by the
weights is the gradient by the logits. (An identity matrix would turn a logit of -inf into NaN.)
Each row is a call of its own, so no reduction is claimed. The documentation requires class indices,
and offers ``ignore_index`` and ``softcap``. For the CPU it offers ``torch_compile``, which needs a
C compiler; the library's own kernel ``cce`` is for GPUs. It names no formats. PyTorch compiles anew
for each shape and gives up after eight, unless its limit is raised.
https://github.com/apple/ml-cross-entropy#basic-usage
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from cut_cross_entropy import linear_cross_entropy

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered
from gradcert_implementations.adapters.tensors import array_of, tensor_of
from gradcert_implementations.interface import (
    Array,
    Domain,
    Function,
    Implementation,
    Loss,
    Reduction,
    Strides,
)
from gradcert_implementations.names import FORMAT_NAMES, QuantityName

__all__ = ["functions_for", "implementation"]

torch._dynamo.config.recompile_limit = 1000

_IGNORED = -100
"""The label that is ignored unless another one is chosen, as in PyTorch."""


def _row(loss: Loss, logits: Array, label: Array, upstream: Array) -> Array:
    weights = tensor_of(logits[:, None].copy()).requires_grad_()
    one = torch.ones((1, 1), dtype=weights.dtype)
    total = linear_cross_entropy(
        one,
        weights,
        tensor_of(label),
        ignore_index=_IGNORED if loss.ignore_index is None else loss.ignore_index,
        softcap=loss.softcap,
        reduction="none",
        impl="torch_compile",
    )
    g = tensor_of(upstream).to(total.dtype)
    (slope,) = torch.autograd.grad(total, weights, g)
    return array_of(slope)[:, 0]


def _gradient(loss: Loss, logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return each row's gradient by the classifier's weights."""
    g = np.ones(len(logits), logits.dtype) if upstream is None else upstream.copy()
    slopes = np.empty_like(logits)
    for row, label in enumerate(class_indices(targets, loss.ignore_index)[:, None]):
        slopes[row] = _row(loss, logits[row], label, g[row : row + 1])
    return slopes


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient of the loss with its options.

    Raises
    ------
    ValueError
        For an option that the library does not offer, and for a reduction.
    """
    if loss.reduction is not Reduction.NONE:
        raise ValueError(
            f"reduction={loss.reduction} is claimed, and each row is a call of its own here; leave "
            "reduction out"
        )
    require_offered(loss, "ignore_index", "softcap")
    return {"dE/dz": of_labels(partial(_gradient, loss))}


implementation = Implementation(
    name="cut-cross-entropy",
    functions=functions_for(Loss()),
    formats=FORMAT_NAMES,
    domain=Domain(targets="index"),
    library="cut-cross-entropy",
    compiles_per_shape=True,
    strides=Strides.NONE,  # Each row is copied.
    takes_upstream=True,
    functions_for=functions_for,
)
