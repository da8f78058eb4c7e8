"""Logits more than 64 below the largest count as 64 below it.

Expected: a loss of 65 for the first row, and a softmax of 5.9e-29. Got: 64, and 1.6e-28. A class
that is masked with -inf gets the same 1.6e-28 where the truth is 0, and a gradient of it. Why: the
kernels clip the shifted logit at -64.
"""

import numpy as np
import paddle
from paddle.nn import functional

for logits, target in (([65.0, 0.0], 1), ([0.0, -np.inf], 0)):
    z = paddle.to_tensor(np.array([logits]), stop_gradient=False)
    loss = functional.cross_entropy(z, paddle.to_tensor(np.eye(2)[[target]]), soft_label=True)
    loss.backward()
    print(functional.softmax(z).numpy(), loss.item(), z.grad.numpy())
