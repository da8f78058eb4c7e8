"""scikit-learn: ``HalfMultinomialLoss.gradient``, with which its classifiers are fitted.

The class is private; ``LogisticRegression`` and ``HistGradientBoostingClassifier`` call it. It
documents itself: targets are class labels 0 to n - 1, given as numbers in the format of the logits,
which is binary64 or binary32. It needs at least two classes. The probabilities are those of
``gradient_proba``. The classifiers offer ``class_weight``, and give it to the loss as the
``sample_weight`` of each row, that of its label.
https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/_loss/loss.py
https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
from sklearn._loss import HalfMultinomialLoss

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered
from gradcert_implementations.interface import Array, Domain, Function, Implementation, Loss
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "softmax"]


def _labels(rows: Array) -> Array:
    labels: Array = class_indices(rows).astype(rows.dtype)
    return labels


def _weights(loss: Loss, targets: Array) -> "Array | None":
    weights = loss.weights(targets.shape[1])
    if weights is None:
        return None
    each: Array = np.array(weights, targets.dtype)[class_indices(targets)]
    return each


def softmax(logits: Array) -> Array:
    """Return the probabilities that ``gradient_proba`` returns."""
    call = HalfMultinomialLoss(n_classes=logits.shape[1])
    o: Array = call.gradient_proba(_labels(logits), logits)[1]
    return o


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    call = HalfMultinomialLoss(n_classes=logits.shape[1])
    values: Array = call.loss(_labels(targets), logits, _weights(loss, targets))
    return values


def _gradient(loss: Loss, logits: Array, targets: Array) -> Array:
    call = HalfMultinomialLoss(n_classes=logits.shape[1])
    slope: Array = call.gradient(_labels(targets), logits, _weights(loss, targets))
    return slope


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the loss of each row, which may be weighted by its class, and its gradient.

    Raises
    ------
    ValueError
        For an option that scikit-learn does not offer.
    """
    require_offered(loss, "class_weights")
    value, gradient = partial(_value, loss), partial(_gradient, loss)
    return {"loss": of_labels(value), "dE/dz": of_labels(gradient)}


implementation = Implementation(
    name="scikit-learn",
    functions={"softmax": softmax, **functions_for(Loss())},
    domain=Domain(targets="index", fewest_classes=2),
    library="scikit-learn",
    functions_for=functions_for,
)
