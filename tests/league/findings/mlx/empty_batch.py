"""A batch of no rows raises.

Expected: no losses, as `softmax` of no rows gives no rows. Got: ValueError. Why: `logsumexp`
refuses an empty array also where the axis that it reduces is not empty.
"""

import mlx.core as mx
from mlx import nn

with mx.stream(mx.cpu):
    print(mx.softmax(mx.zeros((0, 2)), axis=-1).shape)
    try:
        print(nn.losses.cross_entropy(mx.zeros((0, 2)), mx.zeros((0, 2))))
    except ValueError as error:
        print(type(error).__name__, error)
