"""The sum and the mean over a batch of no rows have the shape of an array of no numbers.

Expected: one number, of shape (), as for any other number of rows. Got: shape (0,), so that whoever
adds the losses of batches, or differentiates one, gets an error far from here. Why: `reduce_values`
returns what has the shape (0,) as it is. The check `empty-batch` found it.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax.numpy as jnp
import keras

for reduction in ("sum", "sum_over_batch_size"):
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=reduction)
    print(reduction, [loss(jnp.zeros((n, 2)), jnp.zeros((n, 2))).shape for n in (0, 1, 2)])
