"""Python that shows a discrepancy again when pasted."""

import re
from collections import Counter

import numpy as np

from gradcert.cases import Claim
from gradcert.checks import Evidence
from gradcert_implementations import Array, reloading

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


def snippet(claim: Claim, evidence: Evidence) -> str:
    """Return Python that prints what `evidence` is about.

    An implementation that was passed as an object, and cannot be imported by name, is left for the
    reader to fill in.
    """
    name = claim.format.name
    dtype = "ml_dtypes.bfloat16" if name == "bfloat16" else f'"{claim.format.dtype.name}"'
    origin = claim.implementation.origin
    if origin:
        told = {"quantities": f'["{claim.quantity}"]'}
        told |= {name: _quoted(v) for name, v in reloading(claim.implementation).items()}
        options = ", ".join(f"{name}={value}" for name, value in told.items())
        function = f"gradcert.load({_quoted(origin)}, {options})"
        function += f'.functions["{claim.quantity}"]'
        if _RELATIVE.search(origin):
            function += "  # in the folder where gradcert ran"
    else:
        function = f"...  # {' '.join(claim.implementation.name.split())}"
    names = claim.arguments_named
    arrays = claim.arguments(evidence.case.first, evidence.case.targets)
    lines = ["import gradcert", "import numpy as np"]
    if name == "bfloat16":
        lines.insert(1, "import ml_dtypes")
    lines += ["", f"f = {function}"]
    for argument, array in zip(names, arrays, strict=True):
        lines += _array(argument, array, dtype)
    lines.append(f"args = {', '.join(names)}" + ("," if len(names) == 1 else ""))
    lines += [f"print({expression})" for expression in evidence.shown_by]
    if evidence.index is not None:
        returned, expected = evidence.returned[evidence.index], evidence.expected[evidence.index]
        at = f"row {evidence.row}, value {evidence.index}"
        kind = {"true": "the true value is", "other": "the other answer is"}[evidence.expected_is]
        lines.append(f"# {at}: returned {returned}, {kind} {expected}")
    return "\n".join(lines)
