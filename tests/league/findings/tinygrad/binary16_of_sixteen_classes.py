"""Binary16 logits of sixteen classes raise, and small binary16 probabilities are zero.

Expected: the softmax of 0 and 10, which is 4.5e-5 and 1, and sixteen times 0.0625. Got: 0 and 1,
and an error of the compiler. 4.5e-5 is subnormal in binary16. This is the interpreter,
`DEV=PYTHON`.
"""

import os

os.environ["DEV"] = "PYTHON"
from tinygrad import Tensor, dtypes

print(Tensor([0.0, 10.0], dtype=dtypes.half).softmax().tolist())
try:
    print(Tensor.zeros(1, 16, dtype=dtypes.half).contiguous().softmax().tolist())
except RuntimeError as error:
    print(type(error).__name__, str(error)[:28])
