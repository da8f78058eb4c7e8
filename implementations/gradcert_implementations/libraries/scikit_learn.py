"""scikit-learn: ``HalfMultinomialLoss.gradient``, with which its classifiers are fitted.

The class is private; ``LogisticRegression`` and ``HistGradientBoostingClassifier`` call it. It
documents itself: targets are class labels 0 to n - 1, given as numbers in the format of the logits,
which is binary64 or binary32. It needs at least two classes. The probabilities are those of
``gradient_proba``.
https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/_loss/loss.py
"""

from sklearn._loss import HalfMultinomialLoss

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import Array, Domain, Implementation

__all__ = ["gradient", "implementation", "loss", "softmax"]


def _labels(rows: Array) -> Array:
    labels: Array = class_indices(rows).astype(rows.dtype)
    return labels


def softmax(logits: Array) -> Array:
    """Return the probabilities that ``gradient_proba`` returns."""
    call = HalfMultinomialLoss(n_classes=logits.shape[1])
    o: Array = call.gradient_proba(_labels(logits), logits)[1]
    return o


def loss(logits: Array, targets: Array) -> Array:
    """Return ``HalfMultinomialLoss.loss`` of each row."""
    values: Array = HalfMultinomialLoss(n_classes=logits.shape[1]).loss(_labels(targets), logits)
    return values


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``HalfMultinomialLoss.gradient``."""
    call = HalfMultinomialLoss(n_classes=logits.shape[1])
    slope: Array = call.gradient(_labels(targets), logits)
    return slope


implementation = Implementation(
    name="scikit-learn",
    functions={"softmax": softmax, "loss": loss, "dE/dz": gradient},
    domain=Domain(targets="index", fewest_classes=2),
    library="scikit-learn",
)
