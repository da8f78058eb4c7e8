"""A second backward multiplies by the upstream gradient once more.

Expected: the same gradient twice, as `torch.nn.functional.cross_entropy` gives it: three times
-0.7311 and 0.7311. Got: nine times, the second time; and the gradient that was returned the first
time becomes that too. Why: for a sum or a mean the kernel `element_mul_kernel` multiplies the saved
gradient in place and returns the same memory. An upstream gradient of one is left out, so that one
alone does not show it. The check `second-backward` found it.
"""

import os

os.environ["TRITON_INTERPRET"] = "1"
import torch
from liger_kernel.transformers.functional import liger_cross_entropy

for loss_of in (torch.nn.functional.cross_entropy, liger_cross_entropy):
    z = torch.tensor([[0.0, 1.0]], requires_grad=True)
    loss = loss_of(z, torch.tensor([0]))
    slopes = []
    for _ in range(2):
        slopes += torch.autograd.grad(loss, z, torch.tensor(3.0), retain_graph=True)
        print([slope.tolist() for slope in slopes])
