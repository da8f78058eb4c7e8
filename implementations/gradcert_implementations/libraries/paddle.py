"""Paddle: ``paddle.nn.functional.cross_entropy`` with soft labels, by ``paddle.grad``.

The documentation requires that the soft labels of a sample sum to one and have the type of the
logits, which is binary32 or binary64.
https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/cross_entropy_en.html
"""

import paddle
from paddle.nn import functional

from gradcert_implementations.interface import Array, Implementation, Strides

__all__ = ["gradient", "implementation", "loss", "softmax"]

paddle.set_device("cpu")


def softmax(logits: Array) -> Array:
    """Return ``paddle.nn.functional.softmax``."""
    o: Array = functional.softmax(paddle.to_tensor(logits)).numpy()
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return ``paddle.nn.functional.cross_entropy`` of each row."""
    z, t = paddle.to_tensor(logits), paddle.to_tensor(targets)
    rows = functional.cross_entropy(z, t, soft_label=True, reduction="none")
    total: Array = rows.squeeze(-1).numpy()
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of the sum of ``cross_entropy`` over the rows by the logits."""
    z, t = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(targets)
    (slope,) = paddle.grad(functional.cross_entropy(z, t, soft_label=True, reduction="sum"), z)
    array: Array = slope.numpy()
    return array


implementation = Implementation(
    name="paddle",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    library="paddlepaddle",
    strides=Strides.NONE,  # The arrays are copied.
)
