"""Label smoothing of binary64 has the accuracy of binary32.

Expected: targets of 0.95 and 0.05, a loss of ln 2, which is 0.6931471805599453, and a gradient of
-0.45 and 0.45. Got: targets that sum to 0.99999998, and a loss and a gradient that are right to
2e-8. Why: the kernel of `label_smooth` holds `epsilon` and `1 - epsilon` as binary32 numbers.
"""

import paddle
from paddle.nn import functional

z = paddle.to_tensor([[0.0, 0.0]], dtype="float64", stop_gradient=False)
t = paddle.to_tensor([[1.0, 0.0]], dtype="float64")
loss = functional.cross_entropy(z, t, soft_label=True, label_smoothing=0.1)
print(repr(loss.item()), paddle.grad(loss, z)[0].tolist()[0])
print(functional.label_smooth(t, epsilon=0.1).tolist()[0])
