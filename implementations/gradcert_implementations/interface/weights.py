"""Class weights: an array, which fixes the number of classes, or a function from that number."""

import importlib.machinery
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from reprlib import repr as shortened
from typing import Any

from gradcert_implementations.errors import message_of, type_name
from gradcert_implementations.names import printable

__all__ = ["NamedWeights", "checked_weights", "weights_for", "weights_in_words"]

_LISTED = 8
"""Weights that are listed one by one in words."""

_EXPECTED = "expected finite numbers from zero up, not all zero, such as 0.5,2,1"


@dataclass(frozen=True)
class NamedWeights:
    """A function from the number of classes to their weights, known by the SPEC that loads it.

    Another process can load it again, and equal SPECs are equal weights.

    Attributes
    ----------
    spec
        ``path/to/file.py:name`` or ``package.module:name``.
    """

    spec: str

    def __call__(self, classes: int) -> Any:
        """Return what the function returns."""
        return _loaded(self.spec)(classes)


def _loaded(spec: str) -> Any:
    # The loader imports the interface.
    from gradcert_implementations.importing import imported_object, named

    return imported_object(named(spec), spec)


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function by its SPEC if it is a public name of a module, else the function."""
    name, home = getattr(function, "__name__", ""), getattr(function, "__module__", None) or ""
    module = sys.modules.get(home)
    if home == "__main__" or getattr(module, name, None) is not function:
        return function
    # A module that was loaded from a file by its path has a name that only this process knows.
    known = "." in home or importlib.machinery.PathFinder.find_spec(home) is not None
    place = home if known else getattr(module, "__file__", None)
    return NamedWeights(f"{place}:{name}") if place else function


def _from_text(text: str) -> Any:
    """Return the numbers of ``0.5,2,1``, what ``my.py:weights`` names, or None for ``none``."""
    if text.lower() == "none":
        return None
    if ":" in text:
        found = _loaded(text)
        return NamedWeights(text) if callable(found) else found
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"class_weights is {text!r}; expected numbers such as 0.5,2,1, or my.py:weights"
        ) from None


def _numbers(given: Any) -> tuple[float, ...]:
    """Return the numbers of a list, or of an array of any library, as a tuple of floats."""
    try:
        listed = given.tolist() if hasattr(given, "tolist") else given
        numbers = tuple(float(one) for one in listed)
    except (TypeError, ValueError):
        numbers = ()
    if not numbers or not all(0 <= one < inf for one in numbers) or not any(numbers):
        raise ValueError(f"class_weights is {printable(shortened(given))}; {_EXPECTED}")
    return numbers


def checked_weights(name: str, given: Any) -> Any:  # noqa: ARG001  # A check of one field.
    """Return class weights as they are stored: None, a tuple of floats, or a function.

    Parameters
    ----------
    name
        The name of the field.
    given
        An array or a sequence of numbers; a function from the number of classes to one; the text
        ``0.5,2,1``; or the text ``my.py:weights``, which names an array or a function.

    Raises
    ------
    ValueError
        For weights that are negative, not finite, all zero, or no numbers in a row.

    Examples
    --------
    >>> checked_weights("class_weights", "0.5,2,1")
    (0.5, 2.0, 1.0)
    >>> checked_weights("class_weights", [1.0, -1.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: class_weights is [1.0, -1.0]; expected finite numbers from zero up, ...
    """
    if isinstance(given, str):
        given = _from_text(given)
    elif isinstance(given, Mapping):  # Named weights that travelled as JSON.
        given = NamedWeights(str(given.get("spec")))
    if given is None or isinstance(given, NamedWeights):
        return given
    if not callable(given):
        return _numbers(given)
    try:
        hash(given)  # What it returns is kept.
    except TypeError:
        raise ValueError(
            f"class_weights is of type {type_name(given)}, which cannot be hashed; give a function"
        ) from None
    return _named(given)


@lru_cache(maxsize=64)
def _computed(function: Callable[..., Any], classes: int) -> tuple[float, ...]:
    try:
        found = function(classes)
    except (Exception, SystemExit, GeneratorExit) as error:  # It is somebody else's.
        raise ValueError(
            f"class_weights raised {type_name(error)} for {classes} classes: {message_of(error)}"
        ) from error
    return _numbers(found)


def weights_for(weights: Any, classes: int) -> tuple[float, ...] | None:
    """Return the weights of this many classes; None if there are no weights.

    Parameters
    ----------
    weights
        As :func:`checked_weights` returns them.
    classes
        The number of classes n.

    Returns
    -------
    n numbers.

    Raises
    ------
    ValueError
        If there is another number of weights, and if the function does not return weights.

    Examples
    --------
    >>> weights_for((0.5, 2.0), 2), weights_for(lambda n: [1 + k for k in range(n)], 3)
    ((0.5, 2.0), (1.0, 2.0, 3.0))
    """
    if weights is None:
        return None
    found: tuple[float, ...] = _computed(weights, classes) if callable(weights) else weights
    if len(found) != classes:
        raise ValueError(
            f"class_weights has {len(found)} numbers for {classes} classes; give one for each class"
        )
    return found


def weights_in_words(weights: Any) -> str:
    """Return class weights in a few words. Different numbers give different words.

    Examples
    --------
    >>> weights_in_words((0.5, 2.0)), weights_in_words(NamedWeights("my.py:weights"))
    ('0.5,2.0', 'my.py:weights')
    """
    if isinstance(weights, NamedWeights):
        return weights.spec
    if callable(weights):
        return "a function"
    text = ",".join(map(repr, weights))
    if len(weights) <= _LISTED:
        return text
    import hashlib  # Slow to import; --help does not need it.

    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{len(weights)} numbers from {min(weights)} to {max(weights)} ({digest})"
