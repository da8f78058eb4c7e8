"""A setting of the process: how it is read, set back, and shown."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["UNKNOWN", "Setting", "all_are", "module"]

UNKNOWN: Any = object()
"""The value of a setting that cannot be read, or of which no default is known."""


@dataclass(frozen=True)
class Setting:
    """A setting of the process: how it is read, set back, and shown.

    Attributes
    ----------
    name
        What changed, for a sentence that begins "the call changed".
    read, restore
        Read its value, and set it to a value that was read before.
    expression
        Python that shows it, with numpy as ``np``.
    same
        Whether two of its values are equal.
    default
        Its value right after the framework that has it is loaded.
    set_by_loading
        Whether libraries change it when they are loaded. Then a call that loads one may.
    """

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], object]
    expression: str
    same: Callable[[Any, Any], bool] = operator.eq
    default: Any = UNKNOWN
    set_by_loading: bool = False


def module(name: str) -> str:
    """Return the Python that is a module, in an expression that imports nothing."""
    return f'__import__("{name}")'


def all_are(ones: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Return whether two tuples hold the same objects. Equality of a subject's objects may lie."""
    return len(ones) == len(others) and all(map(operator.is_, ones, others))
