"""What the adapters share: the reductions of a loss, and the declared implementation."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import ml_dtypes
import numpy as np

from gradcert_implementations.adapters.folding import OfRows, of_rows
from gradcert_implementations.adapters.signatures import name_of, require_arguments
from gradcert_implementations.interface import (
    Adapted,
    Array,
    Domain,
    Function,
    Given,
    Implementation,
    Loss,
    Strides,
    classes_of,
    fewest_classes,
)
from gradcert_implementations.names import FormatName, QuantityName
from gradcert_implementations.options import Options

__all__ = [
    "DEFAULT_QUANTITIES",
    "Returned",
    "declared",
    "is_mean",
    "one_quantity",
    "parts_of_a_mean",
    "require_shape_of_a_loss",
    "require_shape_of_logits",
    "rounded_to",
    "rows_of_a_mean",
    "some_classes",
]

DEFAULT_QUANTITIES: tuple[QuantityName, ...] = ("dE/dz",)
"""The quantity that a function or a program claims by default."""

_NEAR = 0.05
"""How far the ratio of two losses may be from 1 or 2, because a narrow format rounds them."""


class Returned:
    """What a subject was seen to return: its value, or a tuple of which the first counts.

    Examples
    --------
    >>> returned = Returned()
    >>> returned.first(0.5), returned.in_words()
    (0.5, ())
    >>> returned.first((0.5, 0.1)), returned.in_words()
    (0.5, ('the first of the 2 values that it returns',))
    """

    def __init__(self) -> None:
        self._values = 1

    def first(self, returned: Any) -> Any:
        """Return what it returned, or the first of that if it is a tuple."""
        if not isinstance(returned, tuple) or not returned:
            return returned
        self._values = max(self._values, len(returned))
        return returned[0]

    def in_words(self) -> tuple[str, ...]:
        """Return a phrase for the certificate, if a tuple was seen."""
        if self._values == 1:
            return ()
        return (f"the first of the {self._values} values that it returns",)


def require_shape_of_a_loss(shape: Sequence[int], rows: int) -> None:
    """Raise ValueError unless a result of this shape is a scalar or one value per row.

    Examples
    --------
    >>> require_shape_of_a_loss((3, 1), 3)
    >>> require_shape_of_a_loss((3, 2), 3)
    Traceback (most recent call last):
    ValueError: the loss of 3 rows has shape (3, 2); expected (3,) or a scalar
    """
    if shape and math.prod(shape) != rows:
        raise ValueError(
            f"the loss of {rows} rows has shape {tuple(shape)}; expected ({rows},) or a scalar"
        )


def require_shape_of_logits(shape: Sequence[int], logits: Sequence[int]) -> None:
    """Raise ValueError unless a result has the shape of the logits.

    Examples
    --------
    >>> require_shape_of_logits((3,), (3, 2))
    Traceback (most recent call last):
    ValueError: the answer to logits of shape (3, 2) has shape (3,); expected that of the logits
    """
    if tuple(shape) != tuple(logits):
        raise ValueError(
            f"the answer to logits of shape {tuple(logits)} has shape {tuple(shape)}; expected "
            "that of the logits"
        )


def rounded_to(dtype: np.dtype[Any], values: Array) -> Array:
    """Return values in the dtype of their logits, if theirs is wider.

    A loss of 16-bit logits may well come in binary32; it is judged in the format of the logits. A
    narrower dtype stays, because what it has lost does not come back.

    Examples
    --------
    >>> rounded_to(np.dtype("float16"), np.array([0.1], "float32"))
    array([0.1], dtype=float16)
    >>> rounded_to(np.dtype("float64"), np.array([0.1], "float32"))
    array([0.1], dtype=float32)
    """
    return values.astype(dtype) if values.dtype.itemsize > dtype.itemsize else values


def some_classes(loss: Loss, domain: Domain) -> int:
    """Return a number of classes that is claimed, two if possible: with one the loss is zero.

    Examples
    --------
    >>> some_classes(Loss(), Domain()), some_classes(Loss(class_weights=[1, 2, 1]), Domain())
    (2, 3)
    """
    return classes_of(loss, domain) or max(2, fewest_classes(loss, domain))


def is_mean(
    loss: Callable[[Array, Array], float],
    dtype: np.dtype[Any],
    classes: int = 2,
    *,
    ignored: int | None = None,
) -> bool:
    """Return whether the scalar loss of a batch is the mean of its rows' losses, not their sum.

    The loss of two equal rows decides: a mean equals the loss of one row, a sum is twice as large.

    Parameters
    ----------
    loss
        From logits (or probabilities) and one-hot targets of shape (B, n) to the scalar.
    dtype
        The dtype of the arrays.
    classes
        How many classes the loss takes.
    ignored
        The label of rows that do not count; the two rows have another one.

    Raises
    ------
    ValueError
        For a scalar that is neither.

    Examples
    --------
    >>> is_mean(lambda z, t: float((t * z).sum(axis=-1).mean()), np.dtype(float))
    True
    """
    label = 1 if ignored == 0 and classes > 1 else 0
    first = np.full((2, classes), 0.5, dtype)
    targets = np.eye(classes, dtype=dtype)[[label, label]]
    one, two = loss(first[:1], targets[:1]), loss(first, targets)
    for times, mean in ((1, True), (2, False)):
        if one and abs(two / one - times) < _NEAR:
            return mean
    raise ValueError(
        f"the loss is a scalar, {one} for one row and {two} for two equal rows; expected a mean "
        "or a sum over rows, or one loss per row"
    )


def rows_of_a_mean(rows: Array, upstream: float = 1.0) -> int:
    """Return how many rows a mean may be over, so that the upstream gradient stays in range.

    The gradient of a mean is asked with the number of rows times that of each row as the upstream
    gradient. That times the sum of the sizes of a row's targets is at most a quarter of the largest
    number.

    Examples
    --------
    >>> rows_of_a_mean(np.array([[0.0, 1.0], [1.0, 0.0]], "float16"))
    16376
    >>> rows_of_a_mean(np.array([[0.0, 1.0], [-4000.0, 0.0]], "float16"))
    4
    """
    heaviest = np.abs(rows.astype(np.float64)).sum(axis=1).max(initial=1.0)
    largest = float(ml_dtypes.finfo(rows.dtype).max)  # type: ignore[no-untyped-call]
    return max(1, int(largest / 4 / heaviest / max(1.0, abs(upstream))))


def parts_of_a_mean(rows: Array, upstream: Array, *, averages: bool) -> list[Array]:
    """Return the rows in parts that have one upstream gradient, and are few enough for a mean.

    Parameters
    ----------
    rows, upstream
        The targets of a batch, and one number for each row.
    averages
        Whether the loss of a batch is the mean of its rows' losses, and not their sum.

    Examples
    --------
    >>> [part.tolist() for part in parts_of_a_mean(np.eye(3), np.array([2, 1, 2]), averages=True)]
    [[1], [0, 2]]
    """
    parts = []
    for number in np.unique(upstream):
        alike = np.flatnonzero(upstream == number)
        most = rows_of_a_mean(rows[alike], float(number)) if averages else len(alike)
        parts += [alike[start : start + most] for start in range(0, len(alike), most)]
    return parts


def one_quantity(function: Callable[..., Any], options: Options) -> QuantityName:
    """Return the quantity that a plain function computes, which is dE/dz by default.

    Raises
    ------
    ValueError
        If more than one quantity is chosen, or the function cannot be called as that quantity is.
    """
    quantities = options.quantities or DEFAULT_QUANTITIES
    if len(quantities) > 1:
        raise ValueError(
            f"a plain function computes one quantity, not {', '.join(quantities)}; "
            "for several, write an Implementation"
        )
    quantity = cast("QuantityName", quantities[0])
    require_arguments(function, quantity)
    return quantity


def declared(
    subject: Callable[..., Any] | str,
    functions: Mapping[str, Function],
    options: Options,
    *,
    adapted: Adapted,
    adapter: str = "",
    library: str = "numpy",
    device: str | None = None,
    compiles_per_shape: bool = False,
    strides: Strides = Strides.ANY,
    filled_in: Sequence[Given] = (),
    takes_upstream: bool = False,
    takes_outputs: bool = False,
    second_backward: "Function | None" = None,
    observed: "Callable[[], tuple[str, ...]] | None" = None,
    functions_for: "Callable[[Loss], Mapping[str, Function]] | None" = None,
) -> Implementation:
    """Return the implementation that consists of these functions, named after `subject`.

    Parameters
    ----------
    subject
        What the user wrote: a function, a loss, or a command line. Its origin is `adapter` and the
        command line, or the name by which the subject can be imported, if there is one.
    functions
        The functions by quantity.
    options
        The formats, the loss, the domain and the level that it claims.
    adapted
        What the subject is.
    adapter
        The prefix of its SPEC, with a colon. What an adapter makes is made for one layout.
    library, device
        The distribution that computes, and the device, from an adapter that takes one.
    compiles_per_shape, strides
        As those of :class:`Implementation`.
    takes_upstream, takes_outputs, second_backward, observed, functions_for
        As those of :class:`Implementation`.
    filled_in
        What the attributes of the subject say of its loss; what the options say wins.

    Raises
    ------
    ValueError
        If a device is chosen that the adapter does not take, and for options of the loss and the
        domain that contradict each other.
    """
    if isinstance(subject, str):
        name = place = subject
    else:
        name = name_of(subject)
        module = getattr(subject, "__module__", "")
        importable = getattr(sys.modules.get(module), name, None) is subject
        place = f"{module}:{name}" if importable and module != "__main__" else ""
    if device is None and options.device is not None:
        raise ValueError(f"{name} takes no device; a loss does: from_torch or from_jax")
    domain = options.domain_over(Domain())
    if adapter:
        functions = {each: OfRows(one, domain.layout) for each, one in functions.items()}
    implementation = Implementation(
        name=name,
        functions=cast("Mapping[QuantityName, Function]", functions),
        formats=cast("tuple[FormatName, ...]", options.formats) or Implementation.formats,
        loss=options.loss_over(Loss(), filled_in),
        domain=domain,
        filled_in=tuple(filled_in),
        at_least=options.level_over(None),
        origin=adapter + place if place else "",
        adapted=adapted,
        library=library,
        device=device or "cpu",
        compiles_per_shape=compiles_per_shape,
        strides=strides,
        takes_upstream=takes_upstream,
        takes_outputs=takes_outputs,
        second_backward=second_backward,
        observed=observed,
        functions_for=cast(
            "Callable[[Loss], Mapping[QuantityName, Function]] | None", functions_for
        ),
    )
    return of_rows(implementation)
