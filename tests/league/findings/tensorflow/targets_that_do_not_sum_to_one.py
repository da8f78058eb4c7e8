"""The gradient is not that of the loss where targets do not sum to one; a switch changes it.

Expected: the slopes of the library's own loss, taken here by differences of its values: they are
`2 o - t`. Got: `o - t`, and the slopes only after `enable_op_determinism()`. Why: the kernel
returns the gradient along with the loss, as `o - t`; the deterministic path differentiates a loss
from `log_softmax`. The documentation requires rows that are probabilities and says that the
gradient is incorrect otherwise, so this is no bug; but a switch for reproducibility changes it.
"""

import tensorflow as tf

z, t = tf.Variable([[1.0, 2.0, 3.0]], dtype="float64"), tf.constant([[0.5, 1, 0.5]], "float64")
steps = 0.001 * tf.eye(3, dtype="float64")[:, None]
ahead, behind = (tf.nn.softmax_cross_entropy_with_logits(t, z + s * steps) for s in (1, -1))
print(((ahead - behind) / 0.002).numpy().ravel())
for switch in (lambda: None, tf.config.experimental.enable_op_determinism):
    switch()
    with tf.GradientTape() as tape:
        loss = tf.nn.softmax_cross_entropy_with_logits(t, z)
    print(tape.gradient(loss, z).numpy())
