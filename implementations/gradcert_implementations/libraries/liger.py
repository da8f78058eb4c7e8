"""Liger Kernel: ``liger_cross_entropy``, in Triton's interpreter.

The documentation promises the behaviour of PyTorch's ``cross_entropy`` with class indices: label
smoothing, class weights, an ignored label, the reductions none, sum and mean. A mean divides by the
weights of the kept labels, without weights by the number of kept rows. The kernel adds a softcap
and ``lse_square_scale``, a z-loss, whose mean is over kept rows. It computes in binary32 in every
format, and writes the gradient over the logits to save memory. ``TRITON_INTERPRET=1`` runs it on
the CPU. Bfloat16 is not claimed there, because the interpreter truncates where the hardware rounds.
https://linkedin.github.io/Liger-Kernel/Low-Level-APIs/
https://github.com/linkedin/Liger-Kernel/blob/main/src/liger_kernel/ops/cross_entropy.py
https://triton-lang.org/main/programming-guide/chapter-3/debugging.html#using-the-interpreter
"""

import os
from collections.abc import Mapping
from dataclasses import replace

os.environ.setdefault("TRITON_INTERPRET", "1")

import torch
from liger_kernel.transformers.functional import liger_cross_entropy

from gradcert_implementations.adapters.offered import of_labels, require_offered
from gradcert_implementations.adapters.torch_loss import from_torch
from gradcert_implementations.interface import Adapted, Function, Implementation, Loss, MeanOver
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "second_backward_for"]

_IGNORED = -100
"""The label that is ignored unless another one is chosen, as in PyTorch."""


def _adapted(loss: Loss) -> Implementation:
    def total(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weights = loss.weights(logits.shape[1])
        value: torch.Tensor = liger_cross_entropy(
            logits,
            targets,
            weight=None if weights is None else torch.tensor(weights, dtype=logits.dtype),
            ignore_index=_IGNORED if loss.ignore_index is None else loss.ignore_index,
            reduction=loss.reduction.value,
            label_smoothing=loss.label_smoothing,
            lse_square_scale=loss.z_loss,
            softcap=loss.softcap,
        )
        return value

    return from_torch(
        total,
        quantities=["dE/dz"],
        formats=["binary64", "binary32", "binary16"],
        targets="index",
        loss=loss,
    )


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient of the loss with its options.

    Raises
    ------
    ValueError
        For an option that Liger does not offer.
    """
    require_offered(
        loss,
        "label_smoothing",
        "class_weights",
        "ignore_index",
        "softcap",
        "z_loss",
        "reduction",
        mean_over=MeanOver.KEPT if loss.class_weights is None else MeanOver.WEIGHTS,
        z_loss_mean_over=MeanOver.KEPT,
    )
    return {name: of_labels(one) for name, one in _adapted(loss).functions.items()}


def second_backward_for(loss: Loss) -> Function:
    """Return what a second backward of the same graph returns."""
    second = _adapted(loss).second_backward
    assert second is not None
    return second


implementation = replace(
    _adapted(Loss()),
    name="liger",
    functions=functions_for(Loss()),
    origin="",
    library="liger-kernel",
    adapted=Adapted.NOTHING,
    functions_for=functions_for,
    second_backward_for=second_backward_for,
)
