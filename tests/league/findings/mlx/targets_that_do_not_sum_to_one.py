"""The gradient is not that of the loss where targets do not sum to one.

Expected: the slopes of the library's own loss, taken here by differences of its values. Got:
`o - t`, which differs from them in the class of the largest logit, by the sum of the targets less
one. Why: the loss subtracts the largest logit `m` first and returns `logsumexp(z - m) - t.(z - m)`,
which depends on `m` unless the targets sum to one; but `stop_gradient` keeps `m` out of the
gradient. The value is no cross-entropy either, which is 2.815 here. The documentation speaks of
probabilities for each class, so this is beyond what it promises.
"""

import mlx.core as mx
import numpy as np
from mlx import nn


def loss(z):
    return nn.losses.cross_entropy(mx.array(z), mx.array([[0.5, 1.0, 0.5]])).sum()


with mx.stream(mx.cpu):
    z, steps = np.array([[1.0, 2.0, 3.0]], np.float32), 0.01 * np.eye(3, dtype=np.float32)
    print(loss(z).item(), mx.grad(loss)(mx.array(z)).tolist())
    print([round((loss(z + h) - loss(z - h)).item() / 0.02, 3) for h in steps])
