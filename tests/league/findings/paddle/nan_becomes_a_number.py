"""A NaN among eight binary32 logits gives a softmax without NaN.

Expected: NaN, as in binary64. Got: eight equal probabilities, so that a diverged model looks like
an undecided one.
"""

import numpy as np
import paddle
from paddle.nn import functional

for dtype in ("float32", "float64"):
    z = paddle.to_tensor(np.array([[np.nan] + [0.0] * 7], dtype=dtype))
    print(dtype, functional.softmax(z).numpy())
