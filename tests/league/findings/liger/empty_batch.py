"""A batch of no rows raises.

Expected: a sum of 0, as `torch.nn.functional.cross_entropy` gives it. Got: RuntimeError. Why: the
kernel's wrapper takes the largest of no class indices to see whether they are in range.
"""

import os

os.environ["TRITON_INTERPRET"] = "1"
import torch
from liger_kernel.transformers.functional import liger_cross_entropy

z, none = torch.zeros(0, 2, requires_grad=True), torch.zeros(0, dtype=torch.int64)
print(torch.nn.functional.cross_entropy(z, none, reduction="sum").item())
try:
    liger_cross_entropy(z, none, reduction="sum")
except RuntimeError as error:
    print(type(error).__name__, str(error)[:32])
