"""What the attributes of a loss say about it: the names that modules and kernels use."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from gradcert_implementations.interface import Given, Loss, MeanOver, NothingKept, Reduction
from gradcert_implementations.interface.given import given_fields

__all__ = ["loss_of_attributes"]

_MISSING = object()

_TORCH = "torch.nn.modules.loss"
"""The module of the losses of PyTorch, for which NaN and zero are known where no row is kept."""


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _is_row_of_numbers(value: Any) -> bool:
    """Return whether a value is an array with one axis, and no parameter that is learned."""
    return (
        callable(getattr(value, "tolist", None))
        and len(getattr(value, "shape", ())) == 1
        and not getattr(value, "requires_grad", False)
    )


@dataclass(frozen=True)
class _Attribute:
    """An attribute that may say an option of the loss.

    Attributes
    ----------
    option
        The option of :class:`Loss`.
    names
        The names of the attribute, the first that is there counts.
    kind
        Whether a value is of the right kind; others are passed over.
    """

    option: str
    names: tuple[str, ...]
    kind: Callable[[Any], bool]


_ATTRIBUTES = (
    _Attribute("label_smoothing", ("label_smoothing", "smoothing"), _is_number),
    _Attribute("class_weights", ("weight", "class_weights", "class_weight"), _is_row_of_numbers),
    _Attribute("ignore_index", ("ignore_index", "ignored_index"), _is_number),
    _Attribute("logit_scale", ("logit_scale", "logits_scale"), _is_number),
    _Attribute("softcap", ("softcap", "logit_soft_cap", "logit_softcapping"), _is_number),
    _Attribute("z_loss", ("z_loss", "lse_square_scale"), _is_number),
    _Attribute("reduction", ("reduction",), lambda value: isinstance(value, str)),
)
"""Where each option may stand."""

_NEEDS_LABELS = ("ignore_index",)
"""The options that a loss has no use for where its targets are no class indices."""


def _value(subject: Any, names: tuple[str, ...]) -> Any:
    """Return a plain attribute, without running code of the subject's."""
    buffers = inspect.getattr_static(subject, "_buffers", None)
    for name in names:
        found = inspect.getattr_static(subject, name, _MISSING)
        if found is _MISSING and isinstance(buffers, Mapping):
            found = buffers.get(name, _MISSING)
        if found is not _MISSING:
            return found
    return None


def _said(subject: Any, attribute: _Attribute) -> tuple[Given, ...]:
    """Return the option that an attribute says, if it is on; one that means nothing says none."""
    value = _value(subject, attribute.names)
    if not attribute.kind(value):
        return ()
    try:
        given = given_fields(Loss, {attribute.option: value})
    except ValueError:  # Also a softcap of zero, which means none.
        return ()
    return tuple(one for one in given if one.value != getattr(Loss, one.name))


def loss_of_attributes(subject: Any, targets: str | None) -> tuple[Given, ...]:
    """Return the options of the loss that the attributes of an object say.

    Only plain attributes are read, and the buffers of a module: numbers, texts, and arrays of one
    axis. No code of the object runs. A mean divides as PyTorch's does: by the class weights of the
    kept labels, without class weights by the number of kept rows; without class indices for
    targets, by the number of rows.

    Parameters
    ----------
    subject
        A module, or any object.
    targets
        The domain of the targets; None for the default.

    Returns
    -------
    The options that are on, in the order of :class:`Loss`.

    Examples
    --------
    >>> class Fused:
    ...     def __init__(self):
    ...         self.lse_square_scale, self.reduction, self.ignore_index = 1e-4, "mean", -100
    >>> for one in loss_of_attributes(Fused(), "index"):
    ...     print(one)
    ignore_index -100
    z_loss 0.0001
    reduction mean
    mean_over kept
    """
    said = {one.name: one for attribute in _ATTRIBUTES for one in _said(subject, attribute)}
    by_index = targets == "index"
    if not by_index:
        said = {name: one for name, one in said.items() if name not in _NEEDS_LABELS}
    found = [*said.values()]
    if by_index and "reduction" in said and said["reduction"].value is Reduction.MEAN:
        found += _divided(subject, said)
    return given_fields(Loss, found)


def _divided(subject: Any, said: Mapping[str, Given]) -> list[Given]:
    """Return what a mean over labels divides by, and what is known where that is zero."""
    found = []
    if "class_weights" in said:
        found.append(Given("mean_over", MeanOver.WEIGHTS))
    elif "ignore_index" in said:
        found.append(Given("mean_over", MeanOver.KEPT))
    if type(subject).__module__ == _TORCH:
        found.append(Given("nothing_kept_loss", NothingKept.NAN))
        found.append(Given("nothing_kept_gradient", NothingKept.ZERO))
    return found
