"""What the fields of a record accept: each check answers a value without meaning in one line."""

from collections.abc import Callable, Sequence
from math import inf, nan
from numbers import Integral, Real
from typing import Any, TypeAlias

from gradcert_implementations.names import known_name

__all__ = ["Check", "accepts", "choice", "flag", "number", "optional", "whole"]

Check: TypeAlias = Callable[[str, Any], Any]
"""From a field's name and what is given for it to what is stored. It raises ValueError."""


def accepts(check: Check) -> dict[str, Check]:
    """Return the metadata of a dataclass field whose values go through a check.

    So one value can be checked without a record.
    """
    return {"check": check}


def optional(check: Check) -> Check:
    """Return the check that also accepts None."""
    return lambda name, given: None if given is None else check(name, given)


def number(expected: str, allowed: Callable[[float], bool]) -> Check:
    """Return the check of a real number, which is stored as a float of Python.

    Parameters
    ----------
    expected
        What is expected, for the message.
    allowed
        Whether a float is. It must be false for NaN.

    Examples
    --------
    >>> share = number("a number from 0 up to 1", lambda x: 0 <= x <= 1)
    >>> share("smoothing", 1)
    1.0
    >>> share("smoothing", "ten")
    Traceback (most recent call last):
    ValueError: smoothing is 'ten'; expected a number from 0 up to 1
    """

    def check(name: str, given: Any) -> float:
        is_number = isinstance(given, Real) and not isinstance(given, bool)
        try:  # As Python's number: one of numpy's narrow types warns beside a larger one.
            value = float(given) if is_number else nan
        except OverflowError:
            value = inf
        if not allowed(value):
            raise ValueError(f"{name} is {given!r}; expected {expected}")
        return value

    return check


def whole(expected: str, lowest: float = -inf) -> Check:
    """Return the check of a whole number from `lowest` up, which is stored as an int of Python.

    Examples
    --------
    >>> whole("a whole number from 1 up", 1)("classes", 0)
    Traceback (most recent call last):
    ValueError: classes is 0; expected a whole number from 1 up
    """

    def check(name: str, given: Any) -> int:
        if not isinstance(given, Integral) or isinstance(given, bool) or given < lowest:
            raise ValueError(f"{name} is {given!r}; expected {expected}")
        return int(given)

    return check


def choice(known: Sequence[str], what: str | None = None) -> Check:
    """Return the check of a name.

    Parameters
    ----------
    known
        All names. A text is stored as the equal one of them, such as a member of a StrEnum.
    what
        What the name is a name of, for the message; the name of the field by default.

    Examples
    --------
    >>> choice(("none", "sum", "mean"))("reduction", "means")
    Traceback (most recent call last):
    ValueError: unknown reduction 'means'; did you mean mean? choose from none, sum, mean
    """
    return lambda name, given: known_name(what or name, given, known)


def flag(name: str, given: Any) -> bool:
    """Check a truth value.

    Examples
    --------
    >>> flag("finite_logits", "maybe")
    Traceback (most recent call last):
    ValueError: finite_logits is 'maybe'; expected True or False
    """
    if not isinstance(given, bool):
        raise ValueError(f"{name} is {given!r}; expected True or False")
    return given
