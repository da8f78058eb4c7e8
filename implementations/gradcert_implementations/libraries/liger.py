"""Liger Kernel: ``liger_cross_entropy``, in Triton's interpreter.

The documentation promises the behaviour of PyTorch's ``cross_entropy`` with class indices. The
kernel computes in binary32 in every format, and writes the gradient over the logits to save memory.
``TRITON_INTERPRET=1`` runs it on the CPU. Bfloat16 is not claimed there, because the interpreter
truncates where the hardware rounds.
https://linkedin.github.io/Liger-Kernel/Low-Level-APIs/
https://triton-lang.org/main/programming-guide/chapter-3/debugging.html#using-the-interpreter
"""

import os
from dataclasses import replace

os.environ.setdefault("TRITON_INTERPRET", "1")

from liger_kernel.transformers.functional import liger_cross_entropy

from gradcert_implementations.adapters.torch_loss import from_torch

__all__ = ["implementation"]

implementation = replace(
    from_torch(
        liger_cross_entropy,
        quantities=["dE/dz"],
        formats=["binary64", "binary32", "binary16"],
        targets="index",
    ),
    name="liger",
    origin="",
    library="liger-kernel",
)
