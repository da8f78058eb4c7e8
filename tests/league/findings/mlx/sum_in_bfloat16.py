"""A softmax of a thousand equal bfloat16 logits sums to four.

Expected: 0.001, to the eight bits of the format. Got: 0.0039, which is 1/256: the sum of
exponentials is taken in bfloat16, where adding one to 256 gives 256 again. `precise=True` sums in
binary32, and is not the default; the documentation says so.
"""

import mlx.core as mx

with mx.stream(mx.cpu):
    equal = mx.zeros(1000, dtype=mx.bfloat16)
    print(mx.softmax(equal)[0].item(), mx.softmax(equal, precise=True)[0].item())
