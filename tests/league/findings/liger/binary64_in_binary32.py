"""Binary64 logits are differentiated in binary32.

Expected: a gradient that is right to about 1e-16. Got: one that is right to 3e-8, in a tensor of
dtype float64. Why: the kernel casts what it loads to float32.
"""

import os

os.environ["TRITON_INTERPRET"] = "1"
import torch
from liger_kernel.transformers.functional import liger_cross_entropy

z = torch.tensor([[0.0, 1.0]], dtype=torch.float64, requires_grad=True)
print(torch.autograd.grad(liger_cross_entropy(z, torch.tensor([0])), z)[0].tolist())
z = torch.tensor([[0.0, 1.0]], dtype=torch.float64, requires_grad=True)
print(torch.autograd.grad(torch.nn.functional.cross_entropy(z, torch.tensor([0])), z)[0].tolist())
