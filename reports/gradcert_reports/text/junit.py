"""The report as JUnit XML, which continuous integration reads."""

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Provenance, Report
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.verdict import Verdict
from gradcert_reports.text.escape import well_formed
from gradcert_reports.text.explanations import explanation, in_short

__all__ = ["junit"]


def _tag(verdict: Verdict) -> str:
    """Return the element of JUnit for a verdict that is not good."""
    match verdict:
        case Verdict.REFUTED:
            return "failure"
        case Verdict.NOT_SUPPORTED:
            return "skipped"
        case _:
            return "error"


def _add(parent: Element, tag: str, /, **attributes: str) -> Element:
    return SubElement(parent, tag, {name: well_formed(value) for name, value in attributes.items()})


def _facts(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield where a certificate comes from, without the facts that are attributes of the suite."""
    for library, version in provenance.versions.items():
        yield f"version of {library}", version
    yield "library", provenance.library
    yield "device", provenance.device
    yield "machine", provenance.machine
    yield "processor", provenance.processor
    yield "seed", str(provenance.seed)
    yield "max_examples", str(provenance.max_examples)
    if provenance.effort is not None:
        yield "effort", provenance.effort


def _add_case(suite: Element, name: str) -> Element:
    return _add(suite, "testcase", classname=f"gradcert.{suite.attrib['name']}", name=name)


def _add_result(suite: Element, result: CheckResult, took: Mapping[str, float]) -> None:
    """Add the case of one check, with what is wrong in it."""
    case = _add_case(suite, f"{result.check}[{result.quantity}-{result.format}]")
    seconds = took.get(f"{result.check}-{result.quantity}-{result.format}")
    if seconds is not None:
        case.set("time", f"{seconds:.3f}")
    if result.verdict == Verdict.CONFORMS:
        return
    message = in_short(result)
    found = _add(case, _tag(result.verdict), type=result.verdict, message=message)
    found.text = well_formed(explanation(result))


def _add_suite(suites: Element, certificate: Certificate) -> None:
    """Add the cases of one implementation, and one more if not every check ran."""
    suite = _add(
        suites,
        "testsuite",
        name=certificate.name,
        time=f"{certificate.provenance.duration:.3f}",
        timestamp=certificate.provenance.date,
    )
    properties = _add(suite, "properties")
    for name, value in _facts(certificate.provenance):
        _add(properties, "property", name=name, value=value)
    for result in certificate.results:
        _add_result(suite, result, certificate.provenance.took)
    if not certificate.complete:
        case = _add_case(suite, Verdict.INCOMPLETE)
        ran = f"{len(certificate.results)} of {certificate.planned} checks ran"
        _add(case, _tag(Verdict.INCOMPLETE), type=Verdict.INCOMPLETE, message=ran)
    for count, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))


def junit(report: Report) -> str:
    """Render a report as JUnit XML.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    A document with one suite for each implementation, and in it one case for each check of a
    quantity in a format: a failure if it is refuted, an error if it is broken, skipped if it is not
    supported. If not every check ran, the suite has one more case, ``incomplete``, an error.

    Examples
    --------
    >>> junit(Report(certificates=())).splitlines()[1]
    '<testsuites name="gradcert" tests="0" failures="0" errors="0" />'
    """
    suites = Element("testsuites", name="gradcert")
    for certificate in distinct(report).certificates:
        _add_suite(suites, certificate)
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.attrib[count]) for suite in suites)))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"
