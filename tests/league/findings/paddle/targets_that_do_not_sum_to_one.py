"""The gradient is not that of the loss where targets do not sum to one.

Expected: the slopes of the library's own loss, taken here by differences of its values: they are
`2 o - t`. Got: `o - t`, which is right only where targets sum to one. The documentation asks for
such targets, so this is no bug; nothing checks them.
"""

import numpy as np
import paddle
from paddle.nn import functional


def loss(z):
    t = paddle.to_tensor([[0.5, 1.0, 0.5]], dtype="float64")
    return functional.cross_entropy(z, t, soft_label=True, reduction="sum")


z = paddle.to_tensor([[1.0, 2.0, 3.0]], dtype="float64", stop_gradient=False)
steps = paddle.to_tensor(0.001 * np.eye(3)[:, None])
print([round((loss(z + h) - loss(z - h)).item() / 0.002, 5) for h in steps])
print(paddle.grad(loss(z), z)[0].numpy())
