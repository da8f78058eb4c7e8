"""The HTML report: well-formed, self-contained and true, whatever a subject says."""

import functools
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcert.api import certify, certifying
from gradcert_implementations import Array, Implementation, load
from gradcert_reports import (
    Certificate,
    CheckResult,
    Discrepancy,
    Entry,
    Jacobian,
    Report,
    Sample,
    explanation,
    html,
    markdown,
)
from gradcert_reports.html.heatmaps import heatmaps
from gradcert_reports.html.matrix import matrix
from gradcert_reports.text.tables import refuting

VOID = {"meta"}
INLINE = {"a", "bdi", "code", "span", "strong", "sub"}
replace = msgspec.structs.replace


class Page(HTMLParser):
    """What a parser sees of a page; it fails on a tag that is not closed in its place."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._texts += [] if tag in INLINE else [" "]
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self._texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


@functools.cache
def flipped() -> Certificate:
    return certify("sign-flipped", formats=["binary64"], max_examples=5)


def made(name: str = "flipped", **changed: Any) -> Certificate:
    return replace(flipped(), name=name, **changed)


@pytest.fixture(scope="module")
def refuted() -> Certificate:
    return certify("diagonal-only", formats=["binary64"], max_examples=10)


@pytest.fixture(scope="module")
def right() -> Certificate:
    return certify("numpy", quantities=["dE/dz"], max_examples=5)


@pytest.fixture(scope="module")
def cut_short() -> Certificate:
    steps = certifying(load("numpy", quantities=["dE/dz"]), max_examples=5, seed=0)
    return next(steps)


def page(*certificates: Certificate) -> Page:
    return Page(html(Report(certificates=certificates)))


def check(source: str) -> Page:
    """Hold a page against what every page must be."""
    shown = Page(source)
    assert shown.tags.count("h1") == 1
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    links = shown.values("href")
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(shown.tags)
    assert not set(shown.values("src"))
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", source))
    assert "@import" not in source
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", source)
    return shown


def test_the_page_is_well_formed_and_loads_nothing(
    right: Certificate, refuted: Certificate, cut_short: Certificate
) -> None:
    shown = check(html(Report(certificates=(right, refuted, cut_short))))
    assert ("html", "lang", "en") in shown.attributes
    assert shown.tags.count("svg") > 10


@settings(
    max_examples=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(report=st.from_type(Report))
def test_whatever_the_types_allow_is_rendered(report: Report) -> None:
    check(html(report))


def saying(text: str) -> str:
    """Return a page that shows this text wherever it shows a text of the subject's."""

    def of(result: CheckResult) -> CheckResult:
        found = result.discrepancy
        return replace(
            result,
            format=text,
            samples=tuple(replace(sample, regime=text) for sample in result.samples),
            discrepancy=found and replace(found, statement=text, regimes=(text,)),
        )

    return html(
        Report(
            certificates=tuple(
                replace(c, name=text, summary="s" + text, results=tuple(map(of, c.results)))
                for c in (made(), made("other"))
            )
        )
    )


DRAWN = {"g", "text"}
"""A label without text is not drawn."""


@pytest.fixture(scope="module")
def tags() -> list[str]:
    return [tag for tag in Page(saying("harmless")).tags if tag not in DRAWN]


@settings(max_examples=5, deadline=None, database=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
@example("<script>alert(1)</script>")
@example("\"><img src=x onerror='alert(1)'>")
@example("</style></title><b>")
@example("{{ 7 * 7 }}{% raw %}")
@example("]]><!--")
@example("$x$ \\frac{")
@example("nul \0 escape \x1b bell \a half \ud83d")
@example("<\0script>")
@example("")
def test_a_hostile_text_stays_text(tags: list[str], text: str) -> None:
    shown = check(saying(text))
    assert [tag for tag in shown.tags if tag not in DRAWN] == tags
    if text.isascii() and text.isprintable():
        assert " ".join(text.split()) in shown.text


def test_a_reason_that_breaks_off_is_shown_as_text() -> None:
    def raising(_logits: Array, _targets: Array) -> Array:
        raise ValueError("<b>out of\nregisters</b>")

    subject = Implementation(name="raises", functions={"dE/dz": raising})
    shown = page(certify(subject, formats=["binary64"], max_examples=5))
    assert "<b>out of registers</b>" in shown.text
    assert "dE/dz in binary64 is broken" in shown.text
    assert "np.array(" in shown.text
    assert "b" not in shown.tags


def test_a_refutation_is_shown_with_its_evidence(refuted: Certificate) -> None:
    source = html(Report(certificates=(refuted,)))
    shown = Page(source)
    assert "diagonal-only is refuted." in shown.text
    assert "accuracy refutes dE/dz in binary64" in shown.text
    found = refuted.leading[0].discrepancy
    assert found is not None
    assert found.enclosure in shown.text
    assert " ".join(found.snippet.split()) in shown.text
    assert "9.0e+15 ulps" in shown.text
    assert re.search(r"1 ◀ here 0\.0 0x0\.0p\+0", shown.text)
    assert "-0.5 -0x1.0000000000000p-1" in shown.text
    assert "2 of them are missing" in shown.text
    assert "Jacobian, implied, row by row: 0.25, 0; 0, 0.25" in source


def test_the_first_screen_says_what_is_wrong(right: Certificate, refuted: Certificate) -> None:
    shown = page(right, refuted).text
    first = shown[: shown.index("Check by check ✓")]
    assert "Of 2 implementations, 1 conforms and 1 is refuted." in first
    assert "The chain rule with the diagonal of the softmax Jacobian only" in first
    assert "dE/dz_j = t_j o_j - t_j" in first
    assert (
        "At logits [0, 0], targets [1, 0] it returns [-0.5, 0] where [-0.5, 0.5] is true." in first
    )
    assert right.worst is not None
    assert f"{right.level} ≥ " in first


def test_the_first_screen_says_what_is_known_where_no_flaw_fits() -> None:
    def scaled(z: Array, t: Array) -> Array:
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True) - t) * 1.5

    found = certify(scaled, formats=["binary64"], max_examples=10)
    said = (
        r"no known flaw explains the \d+ refuting cases: every refuting row is 1.5 times the true"
    )
    report = Report(certificates=(found,))
    first = Page(html(report)).text.partition("Diagnosis of dE/dz")[0]
    assert re.search(said, first)
    line = next(line for line in markdown(report).splitlines() if line.startswith("| scaled"))
    assert re.search(said, line)


def test_a_flaw_that_explains_few_cases_is_no_headline(refuted: Certificate) -> None:
    diagnosis = refuted.diagnoses[0]
    few = replace(diagnosis, cases=9, unexplained=8, findings=("zero everywhere",))
    first = page(replace(refuted, diagnoses=(few,))).text.partition("Diagnosis of dE/dz")[0]
    assert "no known flaw explains 8 of 9 refuting cases" in first
    assert "zero everywhere" in first
    assert diagnosis.matches[0].formula not in first


def test_an_incomplete_report_says_so_and_a_complete_one_does_not(
    right: Certificate, cut_short: Certificate
) -> None:
    said = f"{len(cut_short.results)} of {cut_short.planned} checks"
    shown = page(right, cut_short).text
    assert "The run was cut short, or goes on." in shown
    assert f"): {said}" in shown  # Both are called numpy, and told apart.
    assert "cut short" not in page(right).text


def test_a_level_is_a_lower_bound(right: Certificate) -> None:
    assert "is a lower bound" in page(right).text


def test_the_same_report_gives_the_same_bytes(
    right: Certificate, refuted: Certificate, tmp_path: Path
) -> None:
    report = Report(certificates=(right, refuted))
    file = tmp_path / "certificate.json"
    file.write_bytes(msgspec.json.encode(report))
    code = (
        "import pathlib, sys, gradcert_reports as r;"
        "sys.stdout.buffer.write(r.html(r.read(pathlib.Path(sys.argv[1]))).encode())"
    )
    rendered = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env=os.environ | {"PYTHONHASHSEED": "1", "MPLCONFIGDIR": str(tmp_path), "TZ": "Asia/Tokyo"},
        capture_output=True,
        check=True,
    ).stdout
    with mpl.rc_context({"font.size": 40, "axes.facecolor": "red", "text.usetex": True}):
        assert html(report).encode() == rendered


def test_a_ledger_links_each_claim_to_what_was_found(refuted: Certificate) -> None:
    def entry(expected: Any) -> Entry:
        return Entry(claim=3, statement="s < t", where="here", expected=expected, certificate=0)

    shown = page(refuted)
    assert "#claims" not in shown.values("href")
    report = Report(certificates=(refuted,), ledger=(entry("refuted"), entry("conforms")))
    shown = check(html(report))
    assert "3 s < t here ✗ refuted diagonal-only" in shown.text
    assert "refuted not conforms! diagonal-only" in shown.text


def discrepancy(**changed: Any) -> Discrepancy:
    plain = Discrepancy(
        statement="wrong",
        argument="logits",
        first=(("0.0", "1.0"),),
        targets=(("1.0", "0.0"),),
        regimes=("ties",),
        row=0,
        index=1,
        returned=("0.5", "nan"),
        expected=("0.25", "0.125"),
        expected_is="true",
        ulps=None,
        budgets=None,
        snippet="print()",
    )
    return replace(plain, **changed)


def test_a_value_for_each_class_stands_beside_its_arguments() -> None:
    (table,) = refuting(discrepancy())
    assert table.headings == ("class", "logit", "target", "true value", "returned")
    wrong = table.lines[1]
    assert (wrong.about, wrong.failing) == ("1", True)
    assert [cell.decimal for cell in wrong.cells] == ["1.0", "0.0", "0.125", "nan"]
    assert [cell.hexadecimal for cell in wrong.cells] == [
        "0x1.0000000000000p+0",
        "0x0.0p+0",
        "",
        "",
    ]


def test_another_answer_is_not_called_true() -> None:
    (table,) = refuting(discrepancy(expected_is="other"))
    assert table.headings[-2:] == ("the other answer", "returned")
    assert table.lines[0].cells[2].hexadecimal


def test_a_jacobian_has_a_table_of_its_own() -> None:
    four = ("0.25", "-0.25", "-0.25", "0.25")
    arguments, answers = refuting(discrepancy(targets=(), returned=four, expected=four, index=2))
    assert arguments.headings == ("class", "logit")
    assert not any(line.failing for line in arguments.lines)
    assert [line.about for line in answers.lines] == ["0, 0", "0, 1", "1, 0", "1, 1"]
    assert [line.failing for line in answers.lines] == [False, False, True, False]


def test_a_long_row_shows_the_failing_class_and_the_first_ones() -> None:
    many = tuple(map(str, range(1000)))
    (table,) = refuting(
        discrepancy(first=(many,), targets=(many,), returned=many, expected=many, index=700)
    )
    assert [line.about for line in table.lines] == [*many[:12], "700"]
    assert [line.about for line in table.lines if line.failing] == ["700"]
    assert table.left_out == 987


def test_which_row_of_a_batch_is_shown_is_said(refuted: Certificate) -> None:
    first = refuted.leading[0]
    found = discrepancy(
        first=(("0.0", "1.0"),) * 3,
        targets=(("1.0", "0.0"),) * 3,
        row=1,
        regimes=("ties", "spread", "ties"),
    )
    changed = replace(refuted, results=(replace(first, discrepancy=found),))
    assert "Row 1 of 3, counted from 0: spread." in page(changed).text
    assert "at        row 1 of 3, counted from 0: logits [0, 1]" in explanation(changed.results[0])
    assert "row 1" not in explanation(first)


TRUE = (("0.25", "-0.25"), ("-0.25", "0.25"))


@pytest.mark.parametrize(
    ("returned", "differing", "missing"),
    [
        (TRUE, 0, 0),
        ((("0.25", "0.0"), ("-0.0", "0.25")), 2, 2),
        ((("0.25", "0.25"), ("-0.25", "nan")), 2, 0),
        ((("0.25", "-0.2500001"), ("-0.25", "0.25")), 0, 0),
    ],
)
def test_entries_of_a_jacobian_that_are_wrong_or_missing_are_counted(
    returned: Any, differing: int, missing: int
) -> None:
    drawn = heatmaps(Jacobian(true=TRUE, returned=returned), "j")
    assert drawn is not None
    assert (drawn.differing, drawn.missing) == (differing, missing)
    assert drawn.returned.count("stroke-width: 2.2") == differing


@pytest.mark.parametrize("returned", [(), (("0.25",),), (("a", "b", "c"),) * 2])
def test_a_jacobian_without_a_picture_has_none(returned: Any) -> None:
    assert heatmaps(Jacobian(true=TRUE, returned=returned), "j") is None


def many_samples(certificate: Certificate, samples: tuple[Sample, ...]) -> Certificate:
    first, *rest = certificate.results
    return replace(certificate, results=(replace(first, samples=samples), *rest))


def test_ten_thousand_samples_do_not_make_a_large_page(right: Certificate) -> None:
    random = np.random.default_rng(0)
    samples = tuple(
        Sample(
            level="shifted",
            summation="pairwise",
            rung=2,
            budgets=budgets,
            regime=regime,
            classes=2,
            largest_logit=logit,
        )
        for (regime, _), budgets, logit in zip(
            product(("benign", "ties"), range(5000)),
            random.uniform(0, 2, 10_000),
            random.uniform(0, 1e4, 10_000),
            strict=True,
        )
    )
    assert len(html(Report(certificates=(many_samples(right, samples),)))) < 1_000_000


def test_more_implementations_than_can_be_told_apart_are_said_to_be_left_out() -> None:
    one = made()
    shown = page(*(replace(one, name=f"flipped-{i}") for i in range(11)))
    assert "3 more implementations are left out" in shown.text
    assert all(f"flipped-{i}" in shown.text for i in range(11))


def test_who_is_refuted_by_what_is_a_picture_with_a_table_beside_it(
    right: Certificate, refuted: Certificate
) -> None:
    shown = page(right, refuted)
    (said,) = [text for text in shown.values("aria-label") if "checks. " in text]
    assert said == (
        "Implementations and checks. numpy: nothing wrong; "
        "diagonal-only: accuracy refuted, many-classes refuted"
    )
    first = shown.text[: shown.text.index("The same as a table")]
    for check in {result.check for result in right.results}:
        assert check in first.partition("Check by check ✓")[2]
    assert "table" in shown.tags[shown.tags.index("details") : shown.tags.index("details") + 5]


def test_a_cell_of_the_picture_says_how_many_of_how_many_are_wrong() -> None:
    found = certify("sign-flipped", max_examples=5)
    changed = [
        replace(result, verdict="conforms")
        if (result.check, result.format) == ("accuracy", "binary32")
        else result
        for result in found.results
    ]
    report = Report(certificates=(found, replace(found, results=tuple(changed))))
    drawn = matrix(report, ["accuracy"])
    assert drawn is not None
    assert [count in drawn.picture for count in ("✗ 2/2", "✗ 1/2", "✗ 1/1")] == [True, True, False]


@pytest.mark.parametrize("count", [60, 61])
def test_a_picture_of_too_many_implementations_says_how_many_are_in_the_table_only(
    count: int,
) -> None:
    one = made()
    report = Report(certificates=tuple(replace(one, name=f"number {i}") for i in range(count)))
    drawn = matrix(report, ["accuracy"])
    assert drawn is not None
    assert drawn.left_out == count - 60
    assert drawn.picture.count("number ") == 2 * 60


def test_where_nothing_is_wrong_or_one_is_alone_there_is_no_such_picture(
    right: Certificate, refuted: Certificate
) -> None:
    assert matrix(Report(certificates=(right, right)), ["accuracy"]) is None
    assert matrix(Report(certificates=(refuted,)), ["accuracy"]) is None
    assert "The same as a table" not in page(right, right).text
    assert "Implementations and checks: the worst verdict." in page(right, right).text


def test_a_certificate_alone_has_no_comparison(refuted: Certificate) -> None:
    assert "checks" not in page(refuted).values("id")
    assert "checks" in page(refuted, refuted).values("id")
