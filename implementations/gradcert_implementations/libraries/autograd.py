"""Autograd: ``autograd.elementwise_grad`` of a loss from ``autograd.scipy.special.logsumexp``.

Autograd has no cross-entropy. The loss is written as in its own example of a neural network:
log-probabilities are logits less their ``logsumexp``, weighted by targets that may be any
probabilities. The documentation speaks of NumPy code in general and names no formats; Autograd
accepts NumPy's three.
https://github.com/HIPS/autograd/blob/master/examples/neural_net.py
https://github.com/HIPS/autograd/blob/master/docs/tutorial.md
"""

import autograd.numpy as anp
from autograd import elementwise_grad
from autograd.scipy.special import logsumexp

from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def _loss(logits: Array, targets: Array) -> Array:
    log_probabilities = logits - logsumexp(logits, axis=1, keepdims=True)
    total: Array = -anp.sum(log_probabilities * targets, axis=1)
    return total


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``autograd.elementwise_grad`` of the loss by the logits."""
    slope: Array = elementwise_grad(_loss)(logits, targets)
    return slope


implementation = Implementation(
    name="autograd",
    functions={"dE/dz": gradient},
    formats=("binary64", "binary32", "binary16"),
    library="autograd",
)
