"""The softmax of a single NaN is one, and its loss is zero.

Expected: NaN for a NaN, as for two classes. Got: a softmax of 1, and a loss of 0, for one class.
"""

import os

os.environ["DEV"] = "PYTHON"
from tinygrad import Tensor

nan = float("nan")
for logits in ([nan], [nan, 0.0]):
    z = Tensor([logits])
    print(logits, z.softmax().tolist(), z.cross_entropy(Tensor([0])).item())
