"""Python that shows a discrepancy again when pasted."""

import re
from collections import Counter

import numpy as np

from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert_implementations import Array, reloading
from gradcert_oracle import Format

__all__ = ["snippet"]

_LONG = 40

_RELATIVE = re.compile(r"^(\w+:)?[^/:][^:]*\.py:")
"""A SPEC with a file that is found from one folder only."""


def _number(value: float) -> str:
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(value), repr(value))


def _quoted(text: str) -> str:
    """Return a Python string literal, in double quotes where that needs no escape."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def _places(places: Array) -> str:
    """Return a slice if the places are evenly spaced, else their list."""
    steps = np.unique(np.diff(places))
    if len(steps) == 1:
        return f"{places[0]}:{places[-1] + 1}:{steps[0]}"
    return str(places.tolist())


def _array(name: str, array: Array, dtype: str) -> list[str]:
    """Return lines that build the array: written out, or its commonest value and the others."""
    values = array.astype(np.float64)
    if values.size <= _LONG:
        rows = ", ".join(f"[{', '.join(map(_number, row))}]" for row in values.tolist())
        return [f"{name} = np.array([{rows}], dtype={dtype})"]
    common = Counter(values.ravel().tolist()).most_common(1)[0][0]
    lines = [f"{name} = np.full({values.shape}, {_number(common)}, dtype={dtype})"]
    others = np.unique(values[(values != common) & ~np.isnan(values)])
    for value in others.tolist():
        places = np.flatnonzero(values == value)
        lines.append(f"{name}.flat[{_places(places)}] = {_number(value)}")
    if np.isnan(values).any() and common == common:
        lines.append(f"{name}.flat[{np.flatnonzero(np.isnan(values)).tolist()}] = np.nan")
    return lines


def _dtype(format: Format) -> str:
    """Return the Python that names the dtype of a format; only numpy's own have a name in numpy."""
    name = format.dtype.name
    return f"ml_dtypes.{name}" if format.dtype.type.__module__ == "ml_dtypes" else f'"{name}"'


def _function(claim: Claim) -> str:
    """Return the Python that loads the claim's function, or a gap for the reader to fill."""
    origin = claim.implementation.origin
    if not origin:
        return f"...  # {claim.implementation.name}"
    options = {"quantities": f'["{claim.quantity.name}"]'}
    options |= {
        name: _quoted(str(value)) for name, value in reloading(claim.implementation).items()
    }
    given = ", ".join(f"{name}={value}" for name, value in options.items())
    function = f'gradcert.load({_quoted(origin)}, {given}).functions["{claim.quantity.name}"]'
    if _RELATIVE.search(origin):
        function += "  # in the folder where gradcert ran"
    return function


def snippet(claim: Claim, evidence: Evidence) -> str:
    """Return Python that prints what `evidence` is about.

    If the implementation was passed as an object and cannot be imported by name, the reader fills
    it in.
    """
    dtype = _dtype(claim.format)
    names = claim.quantity.arguments
    lines = ["import gradcert", "import numpy as np"]
    if dtype.startswith("ml_dtypes"):
        lines.insert(1, "import ml_dtypes")
    lines += ["", f"f = {_function(claim)}"]
    for name, array in zip(names, claim.arguments(evidence.case), strict=True):
        lines += _array(name, array, dtype)
    lines.append(f"args = {', '.join(names)}" + ("," if len(names) == 1 else ""))
    lines += [f"print({expression})" for expression in evidence.shown_by]
    if evidence.index is not None:
        returned, expected = evidence.returned[evidence.index], evidence.expected[evidence.index]
        at = f"row {evidence.row}, value {evidence.index}"
        kind = {"true": "the true value is", "other": "the other answer is"}[evidence.expected_is]
        lines.append(f"# {at}: returned {returned}, {kind} {expected}")
    return "\n".join(lines)
