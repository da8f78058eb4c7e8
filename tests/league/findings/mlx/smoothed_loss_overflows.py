"""With label smoothing, the loss of many binary16 logits is infinite.

Expected: a loss of 1.316 for 8192 classes, where the label's logit is 10 more than the others. Got:
infinity, and the right loss for 16 classes, or in binary32. Why: the loss subtracts the largest
logit from each, and takes the mean of the differences. Their sum is in binary16, whose largest
number is 65,504. The gradient is right. The documentation says that the CPU reduces in the format
of the logits, and advises to make them wider for accuracy.
"""

import mlx.core as mx
from mlx import nn

with mx.stream(mx.cpu):
    for classes in (16, 8192):
        z = mx.zeros((1, classes), mx.float16)
        z[0, 0] = 10
        for wide in (z, z.astype(mx.float32)):
            loss = nn.losses.cross_entropy(wide, mx.array([0]), label_smoothing=0.1)
            print(classes, wide.dtype, loss.item())
