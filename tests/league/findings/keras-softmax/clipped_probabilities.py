"""The gradient is zero where the predicted probability of the target is below 1e-7.

Expected: the gradient of a confident mistake, -1 and 1, as the same loss gives it with
`from_logits=True`. Got: 0 and 0, so that a model which is sure of the wrong class is not taught.
Why: with `from_logits=False`, the default, the loss clips probabilities to between 1e-7 and
1 - 1e-7 (`keras.config.epsilon()`), and is flat beyond: 16.1 for a logit of 17 as for one of 40.
The documentation of the loss does not say so.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras

loss = keras.losses.categorical_crossentropy
t = jax.numpy.array([[1.0, 0.0]])
for logit in (15.0, 17.0, 40.0):
    z = jax.numpy.array([[0.0, logit]])
    print(logit, loss(t, jax.nn.softmax(z)), loss(t, z, from_logits=True), end=" ")
    slope = jax.grad(lambda z: loss(t, jax.nn.softmax(z)).sum())(z)
    print(slope, jax.grad(lambda z: loss(t, z, from_logits=True).sum())(z))
