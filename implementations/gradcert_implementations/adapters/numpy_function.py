"""A function of numpy arrays, with rows or class indices for targets."""

from collections.abc import Callable
from typing import Any, Unpack

from gradcert_implementations.adapters.conventions import declared, one_quantity
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import Array, Implementation
from gradcert_implementations.options import Options, OptionValues

__all__ = ["from_numpy"]


def from_numpy(function: Callable[..., Any], **options: Unpack[OptionValues]) -> Implementation:
    """Return the implementation of a function ``(logits, targets) -> dE/dz``.

    Parameters
    ----------
    function
        Takes logits (B, n) and targets (B, n). With ``targets="index"`` the targets are class
        indices (B,), as int64. Returns the gradient of the loss of each row, (B, n). Both arrays
        come in every memory layout that numpy has.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default the function computes
        dE/dz in binary64 and binary32, on probabilities. Another quantity is one of softmax, loss,
        dE/do, do/dz.

    Raises
    ------
    ValueError
        For an unknown name, more than one quantity, or a device.

    Examples
    --------
    >>> import numpy as np
    >>> def gradient(logits, labels):
    ...     powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    ...     result = powers / powers.sum(axis=1, keepdims=True)
    ...     result[np.arange(len(labels)), labels] -= 1
    ...     return result
    >>> mine = from_numpy(gradient, targets="index", formats=["fp32"])
    >>> mine.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    array([[-0.5,  0.5]])
    """
    chosen = Options(**options)

    def by_index(first: Array, *rows: Array) -> Any:
        return function(first, *map(class_indices, rows))

    called = by_index if chosen.targets == "index" else function
    return declared(function, one_quantity(called, chosen), chosen, adapter="numpy:")
