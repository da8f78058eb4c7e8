"""Liger Kernel: ``liger_cross_entropy``, in Triton's interpreter.

The documentation promises the behaviour of PyTorch's ``cross_entropy`` with class indices: label
smoothing, an ignored label, and the reductions none, sum and mean, over kept rows. The kernel adds
``lse_square_scale``, a z-loss, whose mean is over kept rows too. It computes in binary32 in every
format, and writes the gradient over the logits to save memory. ``TRITON_INTERPRET=1`` runs it on
the CPU. Bfloat16 is not claimed there, because the interpreter truncates where the hardware rounds.
Nor are ``weight`` and ``softcap``, which the interpreter cannot run: its numbers have no ``to``.
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
from gradcert_implementations.interface import (
    Adapted,
    Function,
    Implementation,
    Loss,
    MeanOver,
    options_of,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "second_backward_for"]

_IGNORED = -100
"""The label that is ignored unless another one is chosen, as in PyTorch."""

_ON_A_GPU = ("softcap", "class_weights")
"""The options of the kernel that Triton's interpreter cannot run."""


def _adapted(loss: Loss) -> Implementation:
    def total(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = liger_cross_entropy(
            logits,
            targets,
            ignore_index=_IGNORED if loss.ignore_index is None else loss.ignore_index,
            reduction=loss.reduction.value,
            label_smoothing=loss.label_smoothing,
            lse_square_scale=loss.z_loss,
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
        For an option that Liger does not offer, or that the interpreter cannot run.
    """
    for name in _ON_A_GPU:
        if name in options_of(loss):
            raise ValueError(
                f"{name} is claimed, and Triton's interpreter cannot run it; certify it on a GPU: "
                "'torch:liger_kernel.transformers:LigerCrossEntropyLoss(...)' --device cuda"
            )
    options = "label_smoothing", "ignore_index", "z_loss", "reduction"
    require_offered(loss, *options, mean_over=MeanOver.KEPT, z_loss_mean_over=MeanOver.KEPT)
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
