"""Thinc: ``CategoricalCrossentropy.get_grad`` of the probabilities of ``Ops.softmax``.

The loss takes probabilities and returns the gradient by the logits behind them. The softmax layer
passes that on unchanged in training. The documentation allows one row of floats between 0 and 1 per
sample as truths. ``normalize=False`` leaves out the division by the number of rows, which makes a
mean over all rows. Class indices may be truths too; for these there are ``label_smoothing``, which
goes to the other classes, and ``missing_value``, a label to ignore, which is the index of a class.
The documented type of guesses is Thinc's ``Floats2d``, which is binary32; binary64 is accepted.
Thinc's "loss" is the sum of the gradient's squares, not a cross-entropy.
https://thinc.ai/docs/api-loss#categorical_crossentropy
"""

from collections.abc import Mapping
from functools import partial

from thinc.api import CategoricalCrossentropy, NumpyOps

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered
from gradcert_implementations.interface import (
    Array,
    Function,
    Implementation,
    Loss,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "softmax"]

_OPS = NumpyOps()


def softmax(logits: Array) -> Array:
    """Return ``NumpyOps.softmax``."""
    o: Array = _OPS.softmax(logits)
    return o


def _gradient(loss: Loss, logits: Array, targets: Array) -> Array:
    call = CategoricalCrossentropy(
        normalize=loss.reduction is Reduction.MEAN,
        missing_value=loss.ignore_index,
        label_smoothing=loss.label_smoothing,
    )
    truths = class_indices(targets, loss.ignore_index).tolist() if _labelled(loss) else targets
    slope: Array = call.get_grad(softmax(logits), truths)
    return slope


def _labelled(loss: Loss) -> bool:
    """Return whether a loss is offered for class indices only."""
    return loss.label_smoothing > 0 or loss.ignore_index is not None


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient of the loss with its options.

    Raises
    ------
    ValueError
        For an option that Thinc does not offer.
    """
    options = "label_smoothing", "ignore_index", "reduction"
    require_offered(loss, *options, smoothing_over=SmoothingOver.OTHERS)
    gradient = partial(_gradient, loss)
    return {"dE/dz": of_labels(gradient) if _labelled(loss) else gradient}


implementation = Implementation(
    name="thinc",
    functions={"softmax": softmax, **functions_for(Loss())},
    library="thinc",
    functions_for=functions_for,
)
