"""Refutations and diagnoses as plain text, for a terminal, a failed test or a JUnit file.

No text of a record adds a line to them, but the Python code, which is indented.
"""

from textwrap import indent

from gradcert_reports.model.records import Certificate, Diagnosis
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.rows import length
from gradcert_reports.model.verdict import Verdict
from gradcert_reports.text.escape import on_lines, printable
from gradcert_reports.text.findings import findings, sentence
from gradcert_reports.text.phrases import also, diagnosis, named, size, to_claim
from gradcert_reports.text.rows import arguments, values, wrong_in_short, wrong_value
from gradcert_reports.text.tables import silent

__all__ = ["details", "diagnosed", "explanation", "in_short"]

_LONG = 6_000
"""Characters of Python above which it is left out: nobody pastes it from a terminal."""


def explanation(result: CheckResult) -> str:
    """Return why a check refutes a claim or finds it broken, with the case that shows it.

    Parameters
    ----------
    result
        The result of a check that found a fault, such as one of ``certificate.refutations``.

    Returns
    -------
    Some lines of text: what is wrong, the case, the true and the returned values, the size of the
    error, and Python code that reproduces it.

    Raises
    ------
    ValueError
        If `result` is not the result of a check, or conforms.

    Examples
    --------
    >>> result = CheckResult(
    ...     check="accuracy",
    ...     quantity="dE/dz",
    ...     format="binary64",
    ...     verdict=Verdict.BROKEN,
    ...     examples=1,
    ...     reason="TypeError: the answer is a list",
    ... )
    >>> explanation(result)
    'accuracy: dE/dz in binary64 is broken: TypeError: the answer is a list'
    """
    if not isinstance(result, CheckResult):
        raise ValueError(
            f"explanation gets an object of type {type(result).__name__}; expected the result of "
            "one check, such as certificate.refutations[0]"
        )
    about = f"{result.quantity} in {result.format}"
    found = result.discrepancy
    if found is None and result.verdict == Verdict.CONFORMS:
        raise ValueError(
            f"the result of {result.check} for {about} conforms; expected one that found a fault, "
            "such as certificate.refutations[0]"
        )
    if found is None:
        return printable(f"{result.check}: {about} is {result.verdict}: {result.reason}")
    verb, ending = ("refutes", "") if result.verdict == Verdict.REFUTED else ("finds", " broken")
    lines = [
        printable(f"{result.check} {verb} {about}{ending}: {found.statement}"),
        f"  at        {arguments(found)}",
    ]
    unit = "class" if length(found.returned) == found.classes else "value"
    if length(found.expected):
        lines.append(f"  {found.expected_is:<9} {values(found.expected, found.index, unit)}")
    if length(found.returned):
        lines.append(f"  returned  {values(found.returned, found.index, unit)}")
    if wrong_value(found):
        lines.append(f"  wrong     {wrong_value(found)}")
    if found.changed:
        before, after = values(found.changed.before), values(found.changed.after)
        lines.append(f"  before    {found.changed.argument}, row {found.changed.row}: {before}")
        lines.append(f"  after     {found.changed.argument}, row {found.changed.row}: {after}")
    if size(found):
        lines.append(f"  error     {size(found)}")
    if len(found.snippet) > _LONG:
        lines.append("  the Python that reproduces it is long: a report has it in certificate.json")
    else:
        lines += ["  to reproduce it:", *(f"    {line}" for line in found.snippet.splitlines())]
    return on_lines(lines)


def in_short(result: CheckResult) -> str:
    """Return why a check refutes a claim or finds it broken on one line, the wrong number first.

    The summary of pytest shows a dozen characters of it in a terminal of 80 columns.

    Returns
    -------
    One printable line.
    """
    found = result.discrepancy
    if found is None:
        return printable(f"{result.quantity}: {result.reason}")
    wrong = wrong_in_short(found, result.quantity)
    said = wrong or f"{result.quantity}: {found.statement}"
    return printable(f"{said}, at {arguments(found)} ({result.check})")


def diagnosed(found: Diagnosis) -> str:
    """Return the diagnosis of a quantity: the flaw, other flaws that fit, and the findings.

    Returns
    -------
    Lines of plain text, for a terminal.
    """
    lines = [f"diagnosis of {found.quantity}: {diagnosis(found)}"]
    best = found.matches[:1]
    lines += [f"  {printable(f'{match.title} {match.formula}')}" for match in best]
    lines += [f"  {claim}" for claim in [to_claim(found)] if claim]
    lines += [f"  also fits: {named(m)} ({m.explains} of {found.cases})" for m in found.matches[1:]]
    lines += [f"  partly: {named(m)} ({m.explains} of {found.cases})" for m in found.partly]
    lines += [f"  {printable(finding)}" for finding in found.findings]
    lines += [f"  to learn more: gradcert explain {match.flaw}" for match in best]
    return on_lines(lines)


def details(certificate: Certificate) -> str:
    """Return what is wrong with an implementation; an empty text if nothing is.

    The worst quantity comes first. The first refutation of each quantity is shown in full, with its
    diagnosis. The others are listed, because they mostly show the same mistake by another check or
    in another format. The report has all of them.

    Returns
    -------
    Lines of plain text, for a terminal.
    """
    lines = []
    for one in findings(certificate):
        lines.append(indent(explanation(one.first), "  "))
        if one.diagnosis:
            lines.append(indent(diagnosed(one.diagnosis), "  "))
    lines += [f"  {printable(line)}" for line in also(certificate)]
    for found in silent(certificate):
        lines.append(indent(explanation(found.results[0]), "  "))
        more = len(found.results) - 1
        if more:
            checks = "1 more check is" if more == 1 else f"{more} more checks are"
            lines.append(f"  and {checks} {found.verdict} for the same reason")
    if not lines:
        return ""
    return "\n".join([printable(f"{certificate.name} {sentence(certificate)}"), *lines])
