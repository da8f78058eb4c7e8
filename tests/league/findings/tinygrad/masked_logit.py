"""The loss is NaN where a class without a target is masked with -inf.

Expected: a loss of 0, since `0 log 0` counts as 0. Got: NaN, with the right gradient. Why: the zero
target is multiplied by a logarithm of -inf. PyTorch's `cross_entropy`, to which the documentation
refers, gives NaN here too; a class given as an index, or a large negative number, does not do this.
"""

import os

os.environ["DEV"] = "PYTHON"
from tinygrad import Tensor

z, t = Tensor([[0.0, float("-inf")]]), Tensor([[1.0, 0.0]])
print(z.cross_entropy(t).item(), z.cross_entropy(Tensor([0])).item())
print(z.cross_entropy(t).gradient(z)[0].tolist())
