"""Binary64 logits are differentiated in binary32, and the loss comes back in binary32.

Expected: a loss and a gradient of the dtype and accuracy of their input. Got: a float32 loss, and a
float64 gradient that is right to 3e-8.
"""

import torch
from cut_cross_entropy import linear_cross_entropy

w = torch.tensor([[0.0], [1.0]], dtype=torch.float64, requires_grad=True)  # logits 0 and 1
one = torch.ones(1, 1, dtype=torch.float64)
loss = linear_cross_entropy(one, w, torch.tensor([0]), impl="torch_compile")
print(loss.dtype, loss.item(), torch.autograd.grad(loss, w)[0].ravel().tolist())
same = torch.nn.functional.cross_entropy(one @ w.T, torch.tensor([0]))
print(same.dtype, same.item(), torch.autograd.grad(same, w)[0].ravel().tolist())
