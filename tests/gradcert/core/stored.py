"""What a forward pass stores of the logits: outputs, and logarithms of outputs."""

from collections.abc import Callable, Mapping

import numpy as np

from gradcert_implementations import Array
from gradcert_oracle import FORMATS

__all__ = ["LOGITS", "LOGITS_OF", "LOG_PROBABILITIES", "STORED", "logarithms", "outputs"]

LOGITS = "logits"
"""The name of the argument that all of it is made of."""

_PRECISIONS = {format.dtype: format.precision for format in FORMATS.values()}


def _softmax(logits: Array) -> Array:
    z = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        powers = np.exp(z - z.max(axis=-1, keepdims=True, initial=-np.inf))
        shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def outputs(logits: Array) -> Array:
    """Return a softmax of each row, rounded so that it sums to exactly one in every order.

    All numbers are multiples of one unit in the last place below one. What rounding leaves goes to
    the largest of them.

    Examples
    --------
    >>> outputs(np.zeros((1, 3), np.float16)).tolist()
    [[0.33349609375, 0.33349609375, 0.3330078125]]
    """
    units = 1 << _PRECISIONS[logits.dtype]
    shares = _softmax(logits)
    known = ~np.isnan(shares)
    whole = np.floor(np.where(known, shares, 0) * units).astype(np.int64)
    missing = units - whole.sum(axis=-1, keepdims=True)
    rank = np.argsort(np.argsort(-whole, axis=-1, kind="stable"), axis=-1)
    more = np.maximum(missing, 0)
    classes = max(1, logits.shape[-1])
    whole += more // classes + (rank < more % classes)
    # Rounding may have made the sum larger than one.
    whole += np.where(rank == 0, np.minimum(missing, 0), 0)
    return np.where(known, whole / units, np.nan).astype(logits.dtype)


def logarithms(logits: Array) -> Array:
    """Return the log-softmax of each row, rounded to the format.

    Examples
    --------
    >>> logarithms(np.zeros((1, 2), np.float32)).tolist()
    [[-0.6931471824645996, -0.6931471824645996]]
    """
    z = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):
        moved = z - z.max(axis=-1, keepdims=True, initial=-np.inf)
        found: Array = moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))
    return found.astype(logits.dtype)


LOG_PROBABILITIES = "log-probabilities"
"""The name of the argument that a backward of log-softmax may take."""

STORED: Mapping[str, Callable[[Array], Array]] = {
    "outputs": outputs,
    LOG_PROBABILITIES: logarithms,
}
"""What is made of logits, by the name of the argument."""


def _logits_of_outputs(stored: Array) -> Array:
    with np.errstate(divide="ignore"):
        logits: Array = np.log(stored)
    return logits


LOGITS_OF: Mapping[str, Callable[[Array], Array]] = {
    "outputs": _logits_of_outputs,
    LOG_PROBABILITIES: lambda stored: stored,
}
"""Logits of which each may have been made."""
