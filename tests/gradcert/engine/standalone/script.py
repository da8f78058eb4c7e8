"""The whole script: what it imports, the calls, and the assertion on what they return."""

import json
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


def _end(asked: Asked, part: Part) -> list[str] | None:
    """Return the lines that fail; None if they would let a wrong value through."""
    claim, evidence = asked.claim, asked.evidence
    if evidence.no_answer:
        return [*part.demanded, *["print(answer)"] * bool(part.library)]
    said = f", {json.dumps(evidence.statement)}"
    if asked.changed:
        return [f"assert {part.unchanged.format(asked.changed)}{said}"] if part.unchanged else None
    if evidence.expected_is == "true":
        lines = _compared(claim, evidence)
        return lines and [f"returned = {part.returned}", *lines]
    if evidence.allowed is None:
        return [f"assert answer.tobytes() == first.tobytes(){said}"]
    return [
        # One row is compared with each of many.
        f"difference = abs(first.astype(float) - answer.astype(float)){asked.place}",
        f"allowed = {evidence.allowed * 1.006:.3g}  # what rounding may cost both, twice",
        f"assert difference <= allowed{said}",
    ]


def _can_be_said(asked: Asked) -> bool:
    """Return whether calls of the subject show the fault."""
    evidence = asked.evidence
    if not asked.one_call and not asked.of_rows:
        return False
    if evidence.no_answer:
        # What the shape of an answer must be is not known for other arguments than the case.
        return asked.one_call
    by_bytes = evidence.expected_is == "other" and evidence.index is None
    return by_bytes or evidence.allowed is not None or bool(asked.changed)


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
    library that it adapts, or an Implementation. Empty also if the fault is none of these: a value
    beside a true one, a call without an answer, an argument that is changed, and two answers of a
    function of numpy arrays that differ. Empty for several rows of a loss in a framework that may
    be a mean, where no reduction is claimed; and if the script would be long.
    """
    subject, asked = claim.implementation, Asked(claim, evidence)
    if subject.adapted is Adapted.NOTHING or not _can_be_said(asked):
        return ""
    place = _place(claim)
    if place is None or sum(array.size for array in claim.arguments(evidence.case)) > _MOST:
        return ""
    is_program = subject.adapted is Adapted.PROGRAM
    found = Loaded((), place) if is_program else loaded(place, subject.name)
    if found is None:
        return ""
    _, written = _WRITTEN[subject.adapted]
    part = written(asked, found.name)
    end = None if part is None else _end(asked, part)
    if part is None or end is None:
        return ""
    before = (f"before = {part.kept.format(asked.changed)}",) * bool(asked.changed)
    code = [*found.lines, "", *part.given, *before, *part.lines, *end]
    head = [f"# {printable(evidence.statement)}", _versions(part), *_modules(part, code), ""]
    script = "\n".join([*head, *(code if found.lines else code[1:])])
    return script if len(script) <= _MOST else ""
