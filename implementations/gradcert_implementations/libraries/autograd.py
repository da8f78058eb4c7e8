"""Autograd: ``autograd.make_vjp`` of a loss from ``autograd.scipy.special.logsumexp``.

Autograd has no cross-entropy. The loss is written as in its own example of a neural network:
log-probabilities are logits less their ``logsumexp``, weighted by targets that may be any
probabilities. ``make_vjp`` takes the upstream gradient of each row. The documentation speaks of
NumPy code in general and names no formats; Autograd accepts NumPy's three.
https://github.com/HIPS/autograd/blob/master/examples/neural_net.py
https://github.com/HIPS/autograd/blob/master/docs/tutorial.md
https://github.com/HIPS/autograd/blob/master/autograd/differential_operators.py
"""

import autograd.numpy as anp
from autograd import make_vjp
from autograd.scipy.special import logsumexp

from gradcert_implementations.adapters.offered import no_options
from gradcert_implementations.interface import Array, Implementation

__all__ = ["gradient", "implementation"]


def _loss(logits: Array, targets: Array) -> Array:
    log_probabilities = logits - logsumexp(logits, axis=1, keepdims=True)
    total: Array = -anp.sum(log_probabilities * targets, axis=1)
    return total


def gradient(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return ``autograd.make_vjp`` of the loss by the logits."""
    backward, total = make_vjp(_loss)(logits, targets)
    slope: Array = backward(anp.ones_like(total) if upstream is None else upstream)
    return slope


implementation = Implementation(
    name="autograd",
    functions={"dE/dz": gradient},
    formats=("binary64", "binary32", "binary16"),
    library="autograd",
    takes_upstream=True,
    functions_for=no_options,
)
