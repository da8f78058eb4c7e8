"""Python that shows a discrepancy again when pasted."""

import re

from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.engine.written_arrays import array_lines
from gradcert.isolation.subject import reloading_of
from gradcert_implementations import Layout
from gradcert_implementations.adapters.folding import shaped
from gradcert_oracle import Format

__all__ = ["snippet"]

_MOST = 800_000
"""Characters of the arguments. Longer ones are left out, because a file has many snippets."""

_MODULES = "base64", "zlib", "gradcert", "ml_dtypes"
"""Modules that a snippet imports if it uses them."""

_RELATIVE = re.compile(r"^(\w+:)?[^/:][^:]*\.py:")
"""A SPEC with a file that is found from one folder only."""

_ARGS = re.compile(r"\bargs\b")


def _quoted(text: str) -> str:
    """Return a Python string literal, in double quotes where that needs no escape."""
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def _dtype(format: Format) -> str:
    """Return the Python that names the dtype of a format; only numpy's own have a name in numpy."""
    name = format.dtype.name
    return f"ml_dtypes.{name}" if format.dtype.type.__module__ == "ml_dtypes" else f'"{name}"'


def _function(claim: Claim, evidence: Evidence) -> str:
    """Return the Python that loads the function, or a gap for the reader to fill."""
    origin = claim.implementation.origin
    again = evidence.second_backward
    if not origin:
        return f"...  # {'the second backward of ' * again}{claim.implementation.name}"
    part = "second_backward" if again else f'functions["{claim.quantity.name}"]'
    options = {"quantities": f'["{claim.quantity.name}"]'}
    options |= {
        name: _quoted(value) if isinstance(value, str) else repr(value)
        for name, value in reloading_of(claim.implementation).items()
    }
    given = ", ".join(f"{name}={value}" for name, value in options.items())
    function = f"gradcert.load({_quoted(origin)}, {given}).{part}"
    if _RELATIVE.search(origin):
        function += "  # in the folder where gradcert ran"
    return function


def _shape(claim: Claim, evidence: Evidence) -> list[str]:
    """Return a comment on the shape that the function gives to its rows, if that is another one."""
    layout = claim.implementation.domain.layout
    if layout is Layout.ROWS:
        return []
    return [f"# f takes rows, and calls it with shape {shaped(evidence.case.point, layout).shape}."]


def _arguments(claim: Claim, evidence: Evidence) -> list[str]:
    """Return lines that build the arguments, or say that they are too large to be written out."""
    names, case = claim.names, evidence.case
    arrays = dict(zip(names, claim.arguments(case), strict=True))
    lines = array_lines(arrays, _dtype(claim.format))
    if sum(map(len, lines)) > _MOST:
        return [
            f"# The arguments, {case.rows} x {case.classes} numbers, are too large to write out.",
            "# A run with the seed, the examples and the effort of the report finds them again.",
            f"args = ...  # {', '.join(names)}",
        ]
    return [*lines, f"args = {', '.join(names)}" + ("," if len(names) == 1 else "")]


def _calls(claim: Claim, evidence: Evidence) -> list[str]:
    """Return lines that print what shows it. No call gets logits that another has overwritten."""
    shown, lines = evidence.shown_by, list[str]()
    calls = sum(expression.count("f(") for expression in shown)
    if calls > 1 and claim.implementation.domain.overwrites_logits:
        lines = ["copies = lambda: [a.copy() for a in args]  # f overwrites its logits."]
        shown = tuple(_ARGS.sub("copies()", expression) for expression in shown)
    return [*lines, *(f"print({expression})" for expression in shown)]


def snippet(claim: Claim, evidence: Evidence) -> str:
    """Return Python that prints what `evidence` is about.

    If the implementation was passed as an object and cannot be imported by name, the reader fills
    it in.
    """
    arguments = _arguments(claim, evidence)
    code = [f"f = {_function(claim, evidence)}", *_shape(claim, evidence), *arguments]
    used = [name for name in _MODULES if any(f"{name}." in line for line in code)]
    lines = [*(f"import {name}" for name in (*used, "numpy as np")), "", *code]
    lines += _calls(claim, evidence)
    if evidence.index is not None:
        returned, expected = evidence.returned[evidence.index], evidence.expected[evidence.index]
        at = f"row {evidence.row}, value {evidence.index}"
        at = "the value of all rows" if claim.quantity.reduces else at
        kind = {"true": "the true value is", "other": "the other answer is"}[evidence.expected_is]
        lines.append(f"# {at}: returned {returned}, {kind} {expected}")
    return "\n".join(lines)
