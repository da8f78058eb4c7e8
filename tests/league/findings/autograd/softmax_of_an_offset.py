"""The gradient of `logsumexp` does not sum to one where its logits have a common offset.

Expected: 0.5 and 0.5, as `scipy.special.softmax` gives it, wherever the logits are equal. Got:
0.368 twice for binary16 logits of 1024, 0.5028 twice for binary32 logits of 1e6, 0.368 twice for
1e7. Why: the gradient is `exp(x - ans)`, where `ans` is the logarithm of the sum rounded to the
format of the logits, at 1024 to a multiple of one. `exp(x - m)` over its sum, with the largest
logit `m`, keeps the digits that are lost there.
"""

import autograd.numpy as np
from autograd import elementwise_grad
from autograd.scipy.special import logsumexp
from scipy.special import softmax

for dtype, offset in ((np.float16, 1024), (np.float32, 1e6), (np.float32, 1e7)):
    z = np.array([offset, offset], dtype)
    print(dtype.__name__, offset, elementwise_grad(logsumexp)(z), softmax(z))
