"""TensorFlow: ``tf.nn.softmax_cross_entropy_with_logits``, differentiated by ``GradientTape``.

The documentation requires that each row of labels is a valid probability distribution, and says
that the gradient is incorrect otherwise. Its formats are binary16, binary32 and binary64. The
operation underneath has all four.
https://www.tensorflow.org/api_docs/python/tf/nn/softmax_cross_entropy_with_logits
https://www.tensorflow.org/api_docs/python/tf/raw_ops/SoftmaxCrossEntropyWithLogits
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from gradcert_implementations.interface import Array, Implementation, Strides
from gradcert_implementations.names import FORMAT_NAMES

__all__ = ["gradient", "implementation", "loss", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``tf.nn.softmax``."""
    o: Array = tf.nn.softmax(tf.constant(logits)).numpy()
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return ``tf.nn.softmax_cross_entropy_with_logits``."""
    call = tf.nn.softmax_cross_entropy_with_logits
    total: Array = call(labels=tf.constant(targets), logits=tf.constant(logits)).numpy()
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of ``tf.nn.softmax_cross_entropy_with_logits`` by the logits."""
    z, t = tf.constant(logits), tf.constant(targets)
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z)
    slope: Array = tape.gradient(total, z).numpy()
    return slope


implementation = Implementation(
    name="tensorflow",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    formats=FORMAT_NAMES,
    library="tensorflow-cpu",
    strides=Strides.NONE,  # Its tensors have none.
)
