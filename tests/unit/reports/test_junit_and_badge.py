"""JUnit XML and the badge: well-formed whatever a subject says, and true to the certificate."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import kept_reports
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradcert_reports import (
    Certificate,
    CheckResult,
    Discrepancy,
    Provenance,
    Regime,
    Report,
    Sample,
    Verdict,
    badge,
    explanation,
    in_short,
    junit,
)
from gradcert_reports.model.naming import distinct
from gradcert_reports.text.escape import well_formed

HOSTILE = "<b>&\"'\n]]> \0\x1b[31m\ud83d\uffff \U0001f600"

text = st.text(st.characters(), max_size=8)
verdicts = st.sampled_from(Verdict)

discrepancies = st.builds(
    Discrepancy,
    statement=text,
    arguments=st.dictionaries(text, st.tuples(st.tuples(text)), max_size=2),
    regimes=st.tuples(st.builds(Regime, shape=text)),
    row=st.just(0),
    index=st.just(0),
    returned=st.just(()) | st.tuples(text),
    expected=st.just(()) | st.tuples(text),
    expected_is=st.sampled_from(["true", "other"]),
    ulps=st.none() | st.floats(0, allow_infinity=False),
    budgets=st.none() | st.floats(0, allow_infinity=False),
    snippet=text,
)
results = st.builds(
    CheckResult,
    check=text,
    quantity=text,
    format=text,
    verdict=verdicts,
    examples=st.integers(0),
    reason=text,
    discrepancy=st.none() | discrepancies,
)
samples = st.builds(
    Sample,
    algorithm=text,
    rank=st.integers(0, 9),
    budgets=st.floats(0, 2),
    regime=st.builds(Regime, shape=text),
    classes=st.integers(1),
    largest_logit=st.floats(0, allow_infinity=False),
)
provenances = st.builds(
    Provenance,
    versions=st.dictionaries(text, text, max_size=2),
    library=text,
    device=text,
    machine=text,
    processor=text,
    seed=st.integers(),
    max_examples=st.integers(1),
    date=text,
    duration=st.floats(0, 1e9),
    spent=st.just({}),
)
certificates = st.builds(
    Certificate,
    name=text,
    origin=text,
    summary=text,
    quantities=st.just(("dE/dz",)),
    formats=st.just(("binary64",)),
    loss=st.just({}),
    domain=st.just({}),
    verdict=verdicts,
    worst=st.none()
    | st.builds(
        CheckResult,
        check=text,
        quantity=text,
        format=text,
        verdict=st.just(Verdict.CONFORMS),
        examples=st.integers(0),
        worst=samples,
    ),
    results=st.lists(results, max_size=4).map(tuple),
    planned=st.integers(0, 4),
    diagnoses=st.just(()),
    provenance=provenances,
)
reports = st.builds(Report, certificates=st.lists(certificates, max_size=3).map(tuple))

SEEN = msgspec.structs.replace(
    kept_reports.SEEN, statement=f"dE/dz is 0.0 {HOSTILE}", snippet="print(1 < 2)"
)
WORST = Sample(
    algorithm="shifted, sequential sum",
    rank=2,
    budgets=0.5,
    regime=Regime(shape="ties"),
    classes=2,
    largest_logit=1.0,
)


def _result(verdict: Verdict) -> CheckResult:
    return CheckResult(
        check="accuracy",
        quantity="dE/dz",
        format="binary64",
        verdict=verdict,
        examples=3,
        reason="out of registers" if verdict in (Verdict.BROKEN, Verdict.NOT_SUPPORTED) else "",
        worst=WORST if verdict == Verdict.CONFORMS else None,
        discrepancy=SEEN if verdict == Verdict.REFUTED else None,
    )


def _certificate(
    verdict: Verdict,
    *,
    name: str = "mine",
    planned: int = 1,
    algorithm: str = "shifted, sequential sum",
) -> Certificate:
    result = _result(verdict)
    worst = msgspec.structs.replace(WORST, algorithm=algorithm)
    judged = msgspec.structs.replace(result, worst=worst)
    return Certificate(
        name=name,
        origin=name,
        summary="",
        quantities=("dE/dz",),
        formats=("binary64",),
        loss={},
        domain={},
        verdict=verdict,
        worst=judged if verdict == Verdict.CONFORMS else None,
        results=(result,),
        planned=planned,
        diagnoses=(),
        provenance=Provenance(
            versions={"python": "3.11.7", "numpy": "2.0"},
            library="numpy",
            device="cpu",
            machine="Linux",
            processor="Z80",
            seed=7,
            max_examples=40,
            date="2026-11-24T02:53:10+00:00",
            duration=8.8104,
            spent={},
        ),
    )


def _report(*verdicts: str) -> Report:
    return Report(certificates=tuple(_certificate(Verdict(verdict)) for verdict in verdicts))


def _suite(certificate: Certificate) -> ElementTree.Element:
    (suite,) = ElementTree.fromstring(junit(Report(certificates=(certificate,))).encode())
    return suite


@settings(max_examples=100, deadline=None, database=None)
@given(report=reports)
@example(Report(certificates=(_certificate(Verdict.REFUTED, name=HOSTILE),)))
def test_junit_parses_and_counts_what_the_report_holds_whatever_its_texts(report: Report) -> None:
    root = ElementTree.fromstring(junit(report).encode())
    assert root.tag == "testsuites"
    assert len(root) == len(report.certificates)
    for suite, certificate in zip(root, distinct(report).certificates, strict=True):
        missing = 0 if certificate.complete else 1
        found = [result.verdict for result in certificate.results]
        expected = {
            "tests": len(found) + missing,
            "failures": found.count("refuted"),
            "errors": found.count("broken") + found.count("incomplete") + missing,
            "skipped": found.count("not supported"),
        }
        assert {name: int(suite.attrib[name]) for name in expected} == expected
        assert suite.attrib["name"] == well_formed(certificate.name)
        cases = suite.findall("testcase")
        assert [case.attrib["name"] for case in cases] == [
            well_formed(f"{result.check}[{result.quantity}-{result.format}]")
            for result in certificate.results
        ] + ["incomplete"] * missing
        assert {case.attrib["classname"] for case in cases} <= {
            f"gradcert.{well_formed(certificate.name)}"
        }
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)


@pytest.mark.parametrize(
    ("verdict", "tag", "message"),
    [
        (Verdict.REFUTED, "failure", well_formed(in_short(_result(Verdict.REFUTED)))),
        (Verdict.BROKEN, "error", "dE/dz: out of registers"),
        (Verdict.NOT_SUPPORTED, "skipped", "dE/dz: out of registers"),
    ],
)
def test_what_does_not_conform_is_a_failure_an_error_or_skipped_with_its_explanation(
    verdict: Verdict, tag: str, message: str
) -> None:
    (case,) = _suite(_certificate(verdict)).findall("testcase")
    (found,) = case
    assert (found.tag, found.attrib) == (tag, {"type": verdict, "message": message})
    assert found.text == well_formed(explanation(_result(verdict)))


def test_a_case_that_conforms_says_nothing() -> None:
    (case,) = _suite(_certificate(Verdict.CONFORMS)).findall("testcase")
    assert case.attrib == {"classname": "gradcert.mine", "name": "accuracy[dE/dz-binary64]"}
    assert len(case) == 0


def test_an_incomplete_certificate_has_an_error_that_says_how_many_checks_ran() -> None:
    case = _suite(_certificate(Verdict.REFUTED, planned=16)).findall("testcase")[-1]
    assert case.attrib["name"] == "incomplete"
    assert [(found.tag, found.attrib["message"]) for found in case] == [
        ("error", "1 of 16 checks ran")
    ]


def test_a_suite_says_where_its_certificate_comes_from() -> None:
    suite = _suite(_certificate(Verdict.CONFORMS))
    assert (suite.attrib["time"], suite.attrib["timestamp"]) == (
        "8.810",
        "2026-11-24T02:53:10+00:00",
    )
    assert suite[0].tag == "properties"
    assert {found.attrib["name"]: found.attrib["value"] for found in suite[0]} == {
        "version of python": "3.11.7",
        "version of numpy": "2.0",
        "library": "numpy",
        "device": "cpu",
        "machine": "Linux",
        "processor": "Z80",
        "seed": "7",
        "max_examples": "40",
    }


SVG = "{http://www.w3.org/2000/svg}"


def _drawn(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(badge(report).encode())


def _message(report: Report) -> str:
    return "".join(_drawn(report).findall(f".//{SVG}text")[1].itertext())


@pytest.mark.parametrize(
    ("verdicts", "message"),
    [
        (["conforms"], "shifted, sequential sum"),
        (["refuted"], "refuted"),
        (["not supported"], "not supported"),
        (["refuted", "conforms"], "1 conforms, 1 refuted"),
        (["refuted", "conforms", "conforms", "conforms"], "3 conform, 1 refuted"),
        (
            ["not supported", "incomplete", "broken", "refuted", "broken"],
            "1 refuted, 2 broken, 1 incomplete, 1 not supported",
        ),
        ([], "nothing certified"),
    ],
)
def test_the_badge_says_the_level_or_verdict_of_one_and_counts_the_verdicts_of_several(
    verdicts: list[str], message: str
) -> None:
    assert _message(_report(*verdicts)) == message


def _colour(report: Report) -> str:
    return _drawn(report).findall(f"{SVG}path")[0].attrib["fill"]


@pytest.mark.parametrize("better", Verdict)
@pytest.mark.parametrize("worse", Verdict)
def test_the_colour_is_that_of_the_worst_verdict(better: Verdict, worse: Verdict) -> None:
    worst_first = ["refuted", "broken", "incomplete", "not supported", "conforms"]
    worst = min(better, worse, key=worst_first.index)
    assert _colour(_report(better, worse)) == _colour(_report(worst))
    assert (_colour(_report(worst)) == _colour(_report("conforms"))) == (worst == "conforms")


@pytest.mark.parametrize("verdict", Verdict)
def test_white_text_on_every_colour_has_a_contrast_of_4_5_to_1(
    verdict: Verdict, contrast: Callable[[str, str], float]
) -> None:
    drawn = _drawn(_report(verdict))
    assert {text.attrib["fill"] for text in drawn.findall(f"{SVG}g")} == {"#ffffff"}
    grounds = {drawn.findall(f"{SVG}{shape}")[0].attrib["fill"] for shape in ("rect", "path")}
    assert len(grounds) == 2
    for ground in grounds:
        assert contrast("#ffffff", ground) >= 4.5


@settings(max_examples=100, deadline=None, database=None)
@given(report=reports)
@example(_report(*Verdict))
@example(Report(certificates=(_certificate(Verdict.CONFORMS, algorithm=HOSTILE),)))
def test_the_badge_parses_has_a_name_for_readers_and_room_for_its_text(report: Report) -> None:
    drawn = _drawn(report)
    (title,) = drawn.findall(f"{SVG}title")
    assert drawn.attrib["role"] == "img"
    assert drawn.attrib["aria-label"] == f"gradcert: {_message(report)}"
    assert title.text == f"gradcert: {_message(report)}"
    edge = 0.0
    for text in drawn.findall(f".//{SVG}text"):
        start, length = float(text.attrib["x"]), float(text.attrib["textLength"])
        assert start > edge
        assert length >= 4 * len("".join(text.itertext()))
        edge = start + length
    assert edge < float(drawn.attrib["width"])


def test_a_badge_can_stand_beside_others_in_one_page_and_asks_for_nothing() -> None:
    drawn = badge(_report(*Verdict))
    assert not re.search(r"\b(id|href|src|style|on\w+)=|url\(|<script|@import", drawn)
