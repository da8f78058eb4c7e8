"""The loss is NaN where a class without a target is masked with -inf.

Expected: a loss of 0, since `0 log 0` counts as 0. Got: NaN, with the right gradient. Why: the
kernel multiplies the zero label by an infinite logarithm. The documentation promises nothing about
infinite logits; a large negative number does not do this.
"""

import numpy as np
import tensorflow as tf

z = tf.constant([[0.0, -np.inf]], tf.float64)
t = tf.constant([[1.0, 0.0]], tf.float64)
with tf.GradientTape() as tape:
    tape.watch(z)
    loss = tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z)
print(loss.numpy(), tape.gradient(loss, z).numpy())
