"""Thinc: ``CategoricalCrossentropy.get_grad`` of the probabilities of ``Ops.softmax``.

The loss takes probabilities and returns the gradient by the logits behind them. The softmax layer
passes that on unchanged in training. The documentation allows one row of floats between 0 and 1 per
sample as truths. ``normalize=False`` leaves out the division by the number of rows. The documented
type of guesses is Thinc's ``Floats2d``, which is binary32; binary64 is accepted. Thinc's "loss" is
the sum of the gradient's squares, not a cross-entropy.
https://thinc.ai/docs/api-loss#categorical_crossentropy
"""

from thinc.api import CategoricalCrossentropy, NumpyOps

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation", "softmax"]

_OPS = NumpyOps()
_LOSS = CategoricalCrossentropy(normalize=False)


def softmax(logits: Array) -> Array:
    """Return ``NumpyOps.softmax``."""
    o: Array = _OPS.softmax(logits)
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``CategoricalCrossentropy.get_grad``."""
    slope: Array = _LOSS.get_grad(softmax(logits), targets)
    return slope


implementation = Implementation(
    name="thinc", functions={"softmax": softmax, "dE/dz": gradient}, library="thinc"
)
