"""The loss is NaN where a class without a target is masked with -inf.

Expected: a loss of 0, since `0 log 0` counts as 0. Got: NaN, with the right gradient. Why: the zero
target is multiplied by a logarithm of -inf. The documentation promises nothing about infinite
logits; a large negative number does not do this.
"""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import keras

t = jax.numpy.array([[1.0, 0.0]])
for masked in (-jax.numpy.inf, -1e9):
    z = jax.numpy.array([[0.0, masked]])
    print(keras.losses.categorical_crossentropy(t, z, from_logits=True), end=" ")
    print(jax.grad(lambda z: keras.losses.categorical_crossentropy(t, z, True).sum())(z))
