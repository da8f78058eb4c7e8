"""Comparisons as they are written on a command line and in a data file."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from gradcert.audit.bounds.comparisons import (
    Comparison,
    close,
    cosine,
    mean_error,
    norm,
    of_your_own,
    ulps,
)
from gradcert_implementations import SpecError
from gradcert_implementations.importing import imported_object, named
from gradcert_oracle import Format

__all__ = ["GRAMMAR", "comparison"]

GRAMMAR = (
    "atol=X,rtol=X[,of=got], allclose, assert_close[:atol=X,rtol=X], norm:X, cosine:X, mean:X, "
    "ulps:X, or your own as my_module:function or path/to/file.py:function"
)
"""What may be written."""

_TORCH: Mapping[str, tuple[float, float]] = {
    "binary64": (1e-7, 1e-7),
    "binary32": (1e-5, 1.3e-6),
    "binary16": (1e-5, 1e-3),
    "bfloat16": (1e-5, 1.6e-2),
}
"""The tolerances atol and rtol that ``torch.testing.assert_close`` takes by default."""

_NUMPY = 1e-8, 1e-5
"""The tolerances atol and rtol of ``allclose`` in numpy, torch and jax."""


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value) or value < 0:
        raise ValueError
    return value


_BITS_LOST = 4
"""Bits of the format that a relative tolerance may lose and still suit it."""


def _close(arguments: str, atol: float, rtol: float, format: Format) -> Comparison:
    """Return an allclose with some of its tolerances given."""
    given = {}
    for item in filter(None, arguments.split(",")):
        name, _, value = item.strip().partition("=")
        if name not in _ARGUMENTS or name in given:
            raise ValueError
        given[name] = value
    of_got, suits = _ORDERS[given.get("of", "want")], 2.0 ** (_BITS_LOST - format.precision)
    atol, rtol = _number(given.get("atol", str(atol))), _number(given.get("rtol", str(rtol)))
    found = close(atol, rtol, of_got=of_got)
    return replace(found, tighter=close(0, suits, of_got=of_got)) if suits < rtol else found


_ARGUMENTS = "atol", "rtol", "of"

_ORDERS = {"got": True, "want": False}
"""Whether the relative tolerance is of the answer got."""

_OF_A_LIMIT: Mapping[str, Callable[[float, Format], Comparison]] = {
    "norm": lambda limit, _: norm(limit),
    "cosine": lambda limit, _: cosine(limit),
    "mean": lambda limit, _: mean_error(limit),
    "ulps": ulps,
}


def _own(text: str, format: Format) -> Comparison:
    """Return the comparison by a function, which must accept an answer that is equal."""
    about = named(text)
    function = imported_object(about, text)
    if not callable(function):
        raise SpecError(f"{text!r} is no function; expected a function of (got, want)")
    found = of_your_own(text, function, format)
    running = found.begin()
    values = np.array([[0.25, -0.25], [0.5, -0.5]])
    running.add(values, values)
    if not running.passes():
        raise SpecError(
            f"{text}(got, want) refuses two equal arrays; expected that it accepts them"
        )
    return found


def comparison(text: str, format: Format) -> Comparison:
    """Return the comparison that a text names.

    Raises
    ------
    SpecError
        For a text that names none, in one line.

    Examples
    --------
    >>> from gradcert_oracle import BFLOAT16
    >>> comparison("atol=1e-2,rtol=0", BFLOAT16).predicate
    '|got - want| <= 0.01 + 0 |want|'
    >>> comparison("assert_close", BFLOAT16).predicate
    '|got - want| <= 1e-05 + 0.016 |want|'
    """
    name, colon, arguments = text.partition(":")
    try:
        if name in _OF_A_LIMIT:
            return _OF_A_LIMIT[name](_number(arguments), format)
        if name == "assert_close":
            return _close(arguments, *_TORCH[format.name], format)
        if name == "allclose":
            return _close(arguments, *_NUMPY, format)
        if not colon and "=" in text:
            return _close(text, 0.0, 0.0, format)
    except (ValueError, KeyError):
        raise SpecError(f"{text!r} is no comparison; expected {GRAMMAR}") from None
    if not colon:
        raise SpecError(f"{text!r} is no comparison; expected {GRAMMAR}")
    return _own(text, format)
