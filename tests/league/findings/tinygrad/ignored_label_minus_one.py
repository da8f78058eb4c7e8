"""The label -1 counts in a mean and is smoothed, though it is the one that is ignored.

Expected: with `ignore_index=-1`, the default, the loss and the gradient that `ignore_index=-100`
gives for a row with the label -100: that row counts nowhere. Got: half of them, because the mean
counts the ignored row, and a gradient of that row, because its label is smoothed. Why: to
`sparse_categorical_crossentropy` a value of -1 means that no label is ignored; a label of -1 then
equals no class. PyTorch's `CrossEntropyLoss`, to which the documentation refers, ignores -1.
"""

import os

os.environ["DEV"] = "PYTHON"
from tinygrad import Tensor

z = Tensor([[0.0, 1.0], [0.0, 5.0]])
for ignored in (-1, -100):
    for smoothing in (0.0, 0.1):
        y = Tensor([0, ignored])
        loss = z.sparse_categorical_crossentropy(y, ignored, label_smoothing=smoothing)
        print(ignored, loss.item(), loss.gradient(z)[0].tolist())
