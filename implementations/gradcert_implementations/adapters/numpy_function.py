"""A function of numpy arrays, which is what an implementation consists of."""

from collections.abc import Callable, Sequence
from typing import Any

from gradcert_implementations.adapters.conventions import class_indices, declared, single
from gradcert_implementations.interface import Array, Implementation

__all__ = ["from_numpy"]


def from_numpy(
    function: Callable[..., Any],
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str = "probability",
) -> Implementation:
    """Return the implementation that a function ``(logits, targets) -> dE/dz`` is.

    Parameters
    ----------
    function
        Takes logits (B, n), and targets: (B, n), or for ``targets="index"`` class indices (B,) as
        int64. Returns the gradient of each row's own loss, (B, n).
    quantities
        What it computes, if it is not dE/dz: one of softmax, loss, dE/do, do/dz.
    formats, targets
        What it is meant for: binary64 and binary32 on probabilities unless told.

    Raises
    ------
    ValueError
        For more than one quantity, or a name that is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> def gradient(logits, labels):
    ...     powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    ...     result = powers / powers.sum(axis=1, keepdims=True)
    ...     result[np.arange(len(labels)), labels] -= 1
    ...     return result
    >>> mine = from_numpy(gradient, targets="index")
    >>> mine.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    array([[-0.5,  0.5]])
    """

    def by_index(first: Array, *rows: Array) -> Any:
        return function(first, *map(class_indices, rows))

    return declared(
        function,
        single(by_index if targets == "index" else function, quantities),
        formats=formats,
        targets=targets,
        adapter="numpy:",
    )
