"""The report as JUnit XML, which continuous integration reads."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Provenance, Report
from gradcert_reports.model.results import CheckResult
from gradcert_reports.text.terminal import explanation

__all__ = ["junit", "well_formed"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All but the characters of XML 1.0; the lone surrogates among them have no UTF-8 either."""


def well_formed(text: str) -> str:
    r"""Return text with U+FFFD in place of each character that XML 1.0 forbids.

    Examples
    --------
    >>> ascii(well_formed("bell\a, half \ud83d of a pair, whole \U0001f600"))
    "'bell\\ufffd, half \\ufffd of a pair, whole \\U0001f600'"
    """
    return _FORBIDDEN.sub("\ufffd", text)


def _add(parent: Element, tag: str, /, **attributes: str) -> Element:
    return SubElement(parent, tag, {name: well_formed(value) for name, value in attributes.items()})


def _facts(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield where a certificate comes from, but for what the suite's own attributes say."""
    for library, version in provenance.versions.items():
        yield f"version of {library}", version
    yield "library", provenance.library
    yield "device", provenance.device
    yield "machine", provenance.machine
    yield "processor", provenance.processor
    yield "seed", str(provenance.seed)
    yield "max_examples", str(provenance.max_examples)


def _add_case(suite: Element, name: str) -> Element:
    return _add(suite, "testcase", classname=f"gradcert.{suite.attrib['name']}", name=name)


def _add_result(suite: Element, result: CheckResult) -> None:
    """Add the case of one check, with what is wrong in it."""
    case = _add_case(suite, f"{result.check}[{result.quantity}-{result.format}]")
    if result.verdict == "conforms":
        return
    tag = {"refuted": "failure", "not supported": "skipped"}.get(result.verdict, "error")
    said = result.discrepancy.statement if result.discrepancy else result.reason
    _add(case, tag, type=result.verdict, message=said).text = well_formed(explanation(result))


def _add_suite(suites: Element, certificate: Certificate) -> None:
    """Add the cases of one implementation, and one for what has not run."""
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
        _add_result(suite, result)
    if not certificate.complete:
        case = _add_case(suite, "incomplete")
        ran = f"{len(certificate.results)} of {certificate.planned} checks ran"
        _add(case, "error", type="incomplete", message=ran)
    for count, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))


def junit(report: Report) -> str:
    """Render a report as JUnit XML.

    Returns
    -------
    A document of one suite an implementation, one case a check of a quantity in a format: a failure
    where it is refuted, an error where it is broken, skipped where it is not supported. An
    implementation whose checks have not all run has one case more, ``incomplete``, an error.
    """
    suites = Element("testsuites", name="gradcert")
    for certificate in distinct(report).certificates:
        _add_suite(suites, certificate)
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.attrib[count]) for suite in suites)))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"
