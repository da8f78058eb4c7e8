"""Labels are held in the 16-bit format of the logits.

Mixed precision casts every input of the model to 16 bits, and the labels are among the inputs.
Whole numbers are exact in bfloat16 up to 256, and in binary16 up to 2048. Larger labels are
rounded, every second one to its neighbour, and the gradient is that of the neighbour. With ten
classes it is right. With a large vocabulary hardly any label is hit, and the loss stays high.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - [j = y]``, with the label y rounded to the format of the logits.

    Examples
    --------
    >>> gradient(np.array([[0, 0]], np.float16), np.array([[1, 0]], np.float16))
    array([[-0.5,  0.5]], dtype=float16)
    """
    labels = targets.argmax(axis=-1).astype(logits.dtype).astype(np.int64)
    z = logits.astype(np.float32)
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    o: Array = powers / powers.sum(axis=-1, keepdims=True)
    o -= labels[:, None] == np.arange(z.shape[-1])
    return o.astype(logits.dtype)


implementation = Flaw(
    name="label-in-half-precision",
    functions={"dE/dz": gradient},
    formats=(
        "bfloat16",
        "binary16",
    ),
    domain=Domain(targets="index"),
    formula="dE/dz_j = o_j - [j = bfloat16(y)], or binary16(y), y the label",
    source="reported in Keras #15012, TensorFlow #50964, ONNX Runtime PR 3237",
    kind=FlawKind.PRECISION,
    links=(
        "https://github.com/keras-team/keras/issues/15012",
        "https://github.com/tensorflow/tensorflow/issues/50964",
        "https://github.com/microsoft/onnxruntime/pull/3237",
    ),
    exposed_by=(((0.0,) * 1025,), ((*(0.0,) * 1023, 1.0, 0.0),)),
)
