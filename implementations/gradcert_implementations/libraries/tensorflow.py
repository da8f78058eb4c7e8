"""TensorFlow: ``tf.nn.softmax_cross_entropy_with_logits``, differentiated by ``GradientTape``.

The documentation requires that each row of labels is a valid probability distribution, and says
that the gradient is incorrect otherwise. Its formats are binary16, binary32 and binary64. The
operation underneath has all four. ``GradientTape.gradient`` takes the upstream gradient of each row
as ``output_gradients``, and a persistent tape can be asked again.
https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits
https://www.tensorflow.org/api_docs/python/tf/GradientTape#gradient
https://www.tensorflow.org/api_docs/python/tf/raw_ops/SoftmaxCrossEntropyWithLogits
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from gradcert_implementations.adapters.offered import no_options
from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "loss", "second_backward", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``tf.nn.softmax``."""
    o: Array = tf.nn.softmax(tf.constant(logits)).numpy()
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return ``tf.nn.softmax_cross_entropy_with_logits``."""
    call = tf.nn.softmax_cross_entropy_with_logits
    total: Array = call(labels=tf.constant(targets), logits=tf.constant(logits)).numpy()
    return total


def _slopes(logits: Array, targets: Array, upstream: "Array | None", *, times: int) -> Array:
    """Return what the last of several calls of ``GradientTape.gradient`` returns."""
    z, t = tf.constant(logits), tf.constant(targets)
    g = None if upstream is None else tf.constant(upstream)
    with tf.GradientTape(persistent=times > 1) as tape:
        tape.watch(z)
        total = tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z)
    slopes = [tape.gradient(total, z, output_gradients=g).numpy() for _ in range(times)]
    slope: Array = slopes[-1]
    return slope


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return the gradient of ``tf.nn.softmax_cross_entropy_with_logits`` by the logits."""
    return _slopes(logits, targets, upstream, times=1)


def second_backward(logits: Array, targets: Array, upstream: Array) -> Array:
    """Return what a persistent ``GradientTape`` returns when it is asked again."""
    return _slopes(logits, targets, upstream, times=2)


implementation = Implementation(
    name="tensorflow",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=FORMAT_NAMES,
    library="tensorflow-cpu",
    strides=Strides.NONE,  # Its tensors have none.
    takes_upstream=True,
    functions_for=no_options,
    second_backward=second_backward,
)
