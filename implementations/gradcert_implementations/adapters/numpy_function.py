"""A function of numpy arrays, with rows or class indices for targets."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

from gradcert_implementations.adapters.conventions import declared, one_quantity
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.signatures import takes_outputs, takes_upstream
from gradcert_implementations.interface import (
    Adapted,
    Array,
    Domain,
    Function,
    Implementation,
    Loss,
)
from gradcert_implementations.names import QUANTITY_ARGUMENTS
from gradcert_implementations.options import Options, OptionValues

__all__ = ["from_numpy"]


def from_numpy(function: Callable[..., Any], **options: Unpack[OptionValues]) -> Implementation:
    """Return the implementation of a function of numpy arrays, which is a gradient by default.

    Parameters
    ----------
    function
        A gradient takes logits and targets of shape (B, n): B rows of n classes, or the shape that
        the layout of the domain says. It returns the gradient of each row's loss, of shape (B, n).
        With ``targets="index"`` the targets are class indices of shape (B,), as int64; an ignored
        row has the label ``ignore_index``. All arrays come in every memory layout that numpy has.

        A third argument without a default, or one called ``g``, ``upstream``, ``grad_output`` or
        ``dy``, gets the upstream gradient g, of shape (B,), or () if the loss has a reduction. The
        function then returns dF/dz.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default the function computes
        dE/dz in binary64 and binary32, on probabilities. For another quantity it takes what that is
        called with: the logits alone, ``(logits, v)`` for a backward, and ``(logits, targets, v)``
        for hvp; see :class:`gradcert_implementations.Implementation`. A backward whose first
        argument is called ``outputs``, ``output``, ``o``, ``y``, ``probabilities``, ``probs``,
        ``log_probabilities``, ``log_probs`` or ``logp`` gets what the forward has stored.

    Returns
    -------
    The implementation, which :func:`gradcert.certify` takes. Its functions take and return numpy
    arrays.

    Raises
    ------
    ValueError
        For an unknown name, more than one quantity, a function that does not take what its quantity
        is called with, or a device.

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
    >>> from_numpy(lambda logits, labels, g: g[:, None] * gradient(logits, labels)).takes_upstream
    True
    """
    chosen = Options.of(options)
    layout = chosen.domain_over(Domain()).layout

    quantity = one_quantity(function, chosen)
    of_labels = chosen.targets == "index" and "targets" in QUANTITY_ARGUMENTS[quantity]

    def functions_for(loss: Loss) -> Mapping[str, Function]:
        def by_index(first: Array, rows: Array, *others: Array) -> Any:
            return function(first, class_indices(rows, loss.ignore_index, layout), *others)

        return {quantity: by_index if of_labels else function}

    return declared(
        function,
        functions_for(chosen.loss_over(Loss())),
        chosen,
        adapted=Adapted.NUMPY,
        adapter="numpy:",
        takes_upstream=takes_upstream(function),
        takes_outputs=takes_outputs(function),
        functions_for=functions_for,
    )
