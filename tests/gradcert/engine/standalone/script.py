"""The whole script: what it imports, the call, and the assertion on the true value."""

import re
from collections.abc import Callable
from fractions import Fraction

from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.engine.provenance import versions
from gradcert.engine.standalone.asked import Asked, Part
from gradcert.engine.standalone.jax_call import jax_part
from gradcert.engine.standalone.loaded import Loaded, loaded
from gradcert.engine.standalone.numpy_call import numpy_part
from gradcert.engine.standalone.program_call import program_part
from gradcert.engine.standalone.torch_call import torch_part
from gradcert_implementations import Adapted, printable

__all__ = ["standalone"]

_MOST = 8000
"""Characters of a script. Nobody pastes a longer one into a bug report."""

_WRITTEN: dict[Adapted, tuple[str, Callable[[Asked, str], Part | None]]] = {
    Adapted.FUNCTION: ("", numpy_part),
    Adapted.NUMPY: ("numpy:", numpy_part),
    Adapted.TORCH: ("torch:", torch_part),
    Adapted.TORCH_FUNCTION: ("torch:", torch_part),
    Adapted.TORCH_MODULE: ("torch:", torch_part),
    Adapted.TORCH_MODULE_CLASS: ("torch:", torch_part),
    Adapted.JAX: ("jax:", jax_part),
    Adapted.PROGRAM: ("command:", program_part),
}
"""What a SPEC begins with, and what writes the call."""

_MODULES = ("base64", "json", "struct", "subprocess", "sys", "zlib")
_USED = re.compile(r"\b(base64|sys|zlib|np)\.")


def _place(claim: Claim) -> str | None:
    """Return the SPEC without its adapter, empty if there is none; None for names of ours."""
    subject = claim.implementation
    prefix, _ = _WRITTEN[subject.adapted]
    place = subject.origin.removeprefix(prefix)
    if not subject.origin or (subject.origin.startswith(prefix) and ":" in subject.origin):
        return place
    return None


def _compared(claim: Claim, evidence: Evidence) -> list[str] | None:
    """Return the lines that compare a value; None if they let the returned one through."""
    assert evidence.index is not None
    assert evidence.allowed is not None
    returned, expected = evidence.returned[evidence.index], evidence.expected[evidence.index]
    true = float(expected)
    # The nearest number of Python stands for the true value.
    rounding = float(abs(Fraction(expected) - Fraction(true)))
    allowed = f"{(evidence.allowed + rounding) * 1.006:.3g}"
    if abs(float(returned) - true) <= float(allowed):
        return None
    said = f'f"{claim.quantity.name} is {{returned}}; its true value is {{true}}"'
    digits = "" if float(expected) == Fraction(expected) else f"  # {expected}"
    return [
        f"true = {true!r}{digits}",
        f"allowed = {allowed}  # what rounding may cost a right algorithm, twice",
        f"assert abs(returned - true) <= allowed, {said}",
    ]


def _end(claim: Claim, evidence: Evidence, part: Part) -> list[str] | None:
    """Return the lines that fail; None if they would let a wrong value through."""
    if evidence.allowed is not None:
        lines = _compared(claim, evidence)
        return lines and [f"returned = {part.returned}", *lines]
    return [*part.demanded, "print(answer)"] if part.library else []  # It has no answer.


def _can_be_said(evidence: Evidence) -> bool:
    """Return whether one call shows the fault: by a value beside a true one, or by no answer."""
    no_answer = not evidence.returned and evidence.shown_by == ("f(*args)",)
    return evidence.allowed is not None or no_answer


def _modules(part: Part, code: list[str]) -> list[str]:
    """Return the statements that import what a script uses, the standard library first."""
    found = set(_USED.findall("\n".join(code)))
    statements = {
        *part.modules,
        *("import numpy as np" if name == "np" else f"import {name}" for name in found),
    }
    return sorted(statements, key=lambda line: (line.removeprefix("import ") not in _MODULES, line))


def _versions(part: Part) -> str:
    found = versions()["python"]
    if not part.library:
        return f"# Python {found}"
    version = versions(part.library).get(part.library, "")
    return f"# Python {found}, {part.library} {version}".rstrip()


def standalone(claim: Claim, evidence: Evidence) -> str:
    """Return a script that shows `evidence` without gradcert.

    It calls what the user wrote as its adapter does, and fails on the wrong answer, with an
    AssertionError or with what the call raises. It passes if the answer is right.

    Returns
    -------
    The script. Empty for an implementation that nobody else can import: one of gradcert's own, a
    library that it adapts, or an Implementation. Empty also if the fault is no value beside a true
    one and no call without an answer; for several rows of a loss in a framework that may be a mean,
    where no reduction is claimed; and if the script would be long.
    """
    subject = claim.implementation
    if subject.adapted is Adapted.NOTHING or not _can_be_said(evidence):
        return ""
    place = _place(claim)
    if place is None or sum(array.size for array in claim.arguments(evidence.case)) > _MOST:
        return ""
    is_program = subject.adapted is Adapted.PROGRAM
    found = Loaded((), place) if is_program else loaded(place, subject.name)
    if found is None:
        return ""
    _, written = _WRITTEN[subject.adapted]
    asked = Asked(claim, evidence)
    part = written(asked, found.name)
    end = None if part is None else _end(claim, evidence, part)
    if part is None or end is None:
        return ""
    code = [*found.lines, "", *part.lines, *end]
    head = [f"# {printable(evidence.statement)}", _versions(part), *_modules(part, code), ""]
    script = "\n".join([*head, *(code if found.lines else code[1:])])
    return script if len(script) <= _MOST else ""
