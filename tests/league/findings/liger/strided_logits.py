"""The gradient of strided logits is the logits.

Expected: the gradient of the same loss, -0.1192 and 0.1192, as `torch.nn.functional.cross_entropy`
gives it below. Got: the logits themselves; the loss is right. Why: `cross_entropy_forward` makes a
contiguous copy where `_input.stride(-1) != 1`. That happens inside `autograd.Function.forward`,
where gradients are off, so the copy does not require one, and the kernel is told
`HAS_GRADIENTS=_input.requires_grad`, which is false now. It writes no gradient over the copy, and
the backward pass returns what lies there. Nothing warns. The check `memory-layout` found it.
"""

import os

os.environ["TRITON_INTERPRET"] = "1"
import torch
from liger_kernel.transformers.functional import liger_cross_entropy

z = torch.tensor([[3.0, 9.0, 1.0, 9.0]])[:, ::2].requires_grad_()  # [[3, 1]], every other column
loss = liger_cross_entropy(z, torch.tensor([0]))
print(loss.item(), torch.autograd.grad(loss, z)[0])
same = torch.nn.functional.cross_entropy(z, torch.tensor([0]))
print(same.item(), torch.autograd.grad(same, z)[0])
