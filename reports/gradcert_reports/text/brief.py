"""A certificate and a report in about ten lines, as ``print`` shows them in Python."""

from collections.abc import Iterator

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.rows import length
from gradcert_reports.model.verdict import counts
from gradcert_reports.text.escape import printable, shortened
from gradcert_reports.text.findings import findings, sentence, worst_first
from gradcert_reports.text.phrases import diagnosis, lower_bound, reach, size, verdict, where
from gradcert_reports.text.rows import arguments, values
from gradcert_reports.text.tables import silent

__all__ = ["brief", "brief_of_report", "fault"]

_WIDTH = 160
"""Characters of a text that is shown: longer ones are cut."""

_MOST = 10
"""Certificates of a report that have a line."""


def fault(certificate: Certificate) -> str:
    """Return what is wrong with an implementation in one sentence; an empty text if nothing is."""
    for one in findings(certificate)[:1]:
        found = one.first.discrepancy
        said = found.statement if found else one.first.reason
        return f"{one.first.check} refutes {one.quantity} in {one.first.format}: {said}"
    for silence in silent(certificate)[:1] if certificate.worst is None else []:
        first = silence.results[0]
        return f"{first.quantity} in {first.format} is {silence.verdict}: {silence.reason}"
    return ""


def _said(certificate: Certificate) -> Iterator[tuple[str, str]]:
    """Yield what there is to say, each with the word before it."""
    worst = certificate.worst
    if worst is not None:
        yield "level", certificate.level
        yield "budgets", f"{lower_bound(worst.worst)}, {where(worst)}"
        yield "reach", reach(certificate)
    yield "wrong", fault(certificate)
    for one in findings(certificate)[:1]:
        found = one.first.discrepancy
        if found is not None:
            yield "at", arguments(found)
            yield found.expected_is, values(found.expected) if length(found.expected) else ""
            yield "returned", values(found.returned) if length(found.returned) else ""
            yield "error", size(found)
        if one.diagnosis is not None:
            yield "diagnosis", diagnosis(one.diagnosis)
    of = f"{', '.join(certificate.quantities)} in {', '.join(certificate.formats)}"
    yield "claim", "; ".join([of, *certificate.claimed])
    made = certificate.provenance
    ran = f"{len(certificate.results)} of {certificate.planned} checks, {certificate.cases} cases"
    yield "tried", f"{ran}, seed {made.seed}, effort {made.effort or 'not recorded'}"


def brief(certificate: Certificate) -> str:
    """Return a certificate as text: the verdict, what it rests on, and what was claimed."""
    lines = [printable(f"{certificate.name} {sentence(certificate)}")]
    lines += [f"  {word:<9} {shortened(said, _WIDTH)}" for word, said in _said(certificate) if said]
    return "\n".join(lines)


def brief_of_report(report: Report) -> str:
    """Return a report as text: how many have each verdict, and a line for each of the ten worst."""
    found = counts(certificate.verdict for certificate in report.certificates)
    total = len(report.certificates)
    parts = [f"{count} {kind.predicate(count)}" for kind, count in found.items()]
    lines = [f"{total} implementation{'' if total == 1 else 's'}: {', '.join(parts) or 'none'}"]
    for one in worst_first(distinct(report).certificates)[:_MOST]:
        said = fault(one) or one.level
        line = ", ".join(filter(None, [f"{one.name}: {verdict(one)}", said]))
        lines.append(f"  {shortened(line, _WIDTH)}")
    if total > _MOST:
        lines.append(f"  and {total - _MOST} more")
    return "\n".join(lines)
