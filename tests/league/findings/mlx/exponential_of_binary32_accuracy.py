"""The exponential of binary64 has the accuracy of binary32.

Expected: 2.718281828459045. Got: 2.7182817459, right to 3e-8; softmax, loss and gradient in
binary64 are no better.
"""

import mlx.core as mx
import numpy as np

with mx.stream(mx.cpu):
    x = mx.array([1.0], dtype=mx.float64)
    print(mx.exp(x).item(), np.exp(1.0))
    print(mx.softmax(mx.array([0.0, 1.0], dtype=mx.float64)).tolist())
