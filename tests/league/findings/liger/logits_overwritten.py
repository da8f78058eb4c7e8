"""The logits are overwritten by their gradient, in the forward pass.

Expected: logits that keep their values, as `torch.nn.functional.cross_entropy` leaves them. Got:
the gradient where the logits were, as soon as the loss is computed and before anybody asks for a
gradient. Why: the kernel writes it there to save memory. The README mentions in-place replacement
in general. The function does not, and PyTorch does not know of it. So the backward pass of another
function of the same logits uses wrong values without a warning: the gradient of the sum of squares
below should be 0 and 6.
"""

import os

os.environ["TRITON_INTERPRET"] = "1"
import torch
from liger_kernel.transformers.functional import liger_cross_entropy

z = torch.tensor([[0.0, 3.0]], requires_grad=True)
squares = (z**2).sum()
liger_cross_entropy(z, torch.tensor([0]))
print(z.tolist(), torch.autograd.grad(squares, z)[0].tolist())
