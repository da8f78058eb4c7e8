"""The loss is NaN where a class without a target is masked with -inf.

Expected: a loss of 0, since `0 log 0` counts as 0, and since the same class given as an index has
that loss. Got: NaN, with the right gradient. Why: the zero target is multiplied by a logit of -inf.
The documentation promises nothing about infinite logits; a large negative number does not do this.
"""

import mlx.core as mx
from mlx import nn

t = mx.array([[1.0, 0.0]])
with mx.stream(mx.cpu):
    z = mx.array([[0.0, -mx.inf]])
    print(nn.losses.cross_entropy(z, t), nn.losses.cross_entropy(z, mx.array([0])))
    print(mx.grad(lambda z: nn.losses.cross_entropy(z, t).sum())(z))
