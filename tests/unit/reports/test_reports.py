"""Reports on disk: they read back, are replaced whole, and hold hostile names without harm."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gradcert.api import certify
from gradcert_implementations import Array, Implementation
from gradcert_reports import (
    Certificate,
    CheckResult,
    Diagnosis,
    Discrepancy,
    Entry,
    Jacobian,
    Match,
    Provenance,
    Reach,
    Report,
    Sample,
    details,
    json_schema,
    markdown,
    read,
    write,
)

SCHEMA_FILE = Path(__file__).parents[3] / "reports" / "schema" / "gradcert-report-1.json"

COMMENT = 65536
"""Characters: GitHub takes no longer comment."""

number = st.floats(allow_nan=False, allow_infinity=False)
count = st.integers(0, 2**53)
name = st.text(max_size=8)
names = st.lists(name, max_size=3).map(tuple)
rows = st.lists(names, max_size=2).map(tuple)
verdict = st.sampled_from(["conforms", "refuted", "broken", "not supported", "incomplete"])

samples = st.builds(
    Sample,
    level=name,
    summation=name,
    rung=count,
    budgets=number,
    regime=name,
    classes=count,
    largest_logit=number,
)
jacobians = st.builds(Jacobian, true=rows, returned=rows)
discrepancies = st.builds(
    Discrepancy,
    statement=name,
    argument=name,
    first=rows,
    targets=rows,
    regimes=names,
    row=count,
    index=st.none() | count,
    expected=names,
    returned=names,
    expected_is=st.sampled_from(["true", "other"]),
    enclosure=name,
    ulps=st.none() | number,
    budgets=st.none() | number,
    snippet=name,
    jacobian=st.none() | jacobians,
)
reaches = st.builds(Reach, held_to=number, failed_at=st.none() | number, statement=name)
results = st.builds(
    CheckResult,
    check=name,
    quantity=name,
    format=name,
    verdict=verdict,
    examples=count,
    reason=name,
    worst=st.none() | samples,
    discrepancy=st.none() | discrepancies,
    samples=st.lists(samples, max_size=2).map(tuple),
    reach=st.none() | reaches,
    cancellation=st.lists(st.tuples(number, number), max_size=2).map(tuple),
)
matches = st.builds(Match, flaw=name, title=name, formula=name, explains=count)
diagnoses = st.builds(
    Diagnosis,
    quantity=name,
    cases=count,
    matches=st.lists(matches, max_size=2).map(tuple),
    unexplained=count,
    findings=names,
)
provenances = st.builds(
    Provenance,
    versions=st.dictionaries(name, name, max_size=2),
    library=name,
    device=name,
    machine=name,
    processor=name,
    seed=st.integers(-(10**30), 10**30),
    max_examples=count,
    date=name,
    duration=number,
    spent=st.dictionaries(name, number, max_size=2),
)
certificates = st.builds(
    Certificate,
    name=name,
    origin=name,
    summary=name,
    quantities=names,
    formats=names,
    targets=name,
    decides_to=number,
    verdict=verdict,
    worst=st.none() | results,
    results=st.lists(results, max_size=2).map(tuple),
    diagnoses=st.lists(diagnoses, max_size=2).map(tuple),
    planned=count,
    provenance=provenances,
)
entries = st.builds(
    Entry, claim=count, statement=name, where=name, expected=verdict, certificate=count
)
reports = st.builds(
    Report,
    certificates=st.lists(certificates, max_size=2).map(tuple),
    ledger=st.lists(entries, max_size=2).map(tuple),
)


@settings(max_examples=50, deadline=None, database=None)
@given(report=reports)
def test_a_report_goes_through_json_and_comes_back_the_same(report: Report) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


@pytest.fixture(scope="module")
def report() -> Report:
    found = certify("diagonal-only", formats=["binary64"], max_examples=5)
    return Report(certificates=(found,))


def test_a_written_report_reads_back(report: Report, tmp_path: Path) -> None:
    write(report, tmp_path / "new")
    assert read(tmp_path / "new" / "certificate.json") == report
    assert (tmp_path / "new" / "report.md").read_text() == markdown(report)


@pytest.mark.parametrize(
    ("pattern", "replacement", "where"),
    [
        ('"gradcert-report/1"', '"gradcert-report/2"', r"`\$\.schema`"),
        ('"verdict":"refuted"', '"verdict":"fine"', r"`\$\.certificates\[0\]"),
        ('"seed":0', '"seed":"0"', r"`\$\.certificates\[0\]\.provenance\.seed`"),
        ('"decides_to":', '"decides_two":', r"`\$\.certificates\[0\]`"),
        ('"explains":', '"explain":', r"`\$\.certificates\[0\]\.diagnoses\[0\]\.matches\[0\]`"),
    ],
)
def test_a_file_that_does_not_follow_the_schema_is_refused_saying_where(
    report: Report, tmp_path: Path, pattern: str, replacement: str, where: str
) -> None:
    write(report, tmp_path)
    file = tmp_path / "certificate.json"
    changed = file.read_text().replace(pattern, replacement)
    assert changed != file.read_text()
    file.write_text(changed)
    with pytest.raises(msgspec.ValidationError, match=where):
        read(file)


def test_the_published_schema_is_the_one_in_force() -> None:
    assert SCHEMA_FILE.read_bytes() == json_schema()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_old_report_whole_and_nothing_beside_it(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    write(report, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(_self: Path, _target: Path) -> Path:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(error):
        write(Report(certificates=()), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert set(before) == {
        "badge.svg",
        "certificate.json",
        "index.html",
        "junit.xml",
        "report.md",
    }


HOSTILE = [
    "<script>alert(1)</script>",
    "a | b",
    "`tick` ``ticks``",
    "two\nlines",
    "x\n```\n<script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "![image](https://example.com/i.png)",
    "back\\|slash",
    "*b* _i_ # h",
]


def _flipped(logits: Array, targets: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return targets - powers / powers.sum(axis=1, keepdims=True)


def _raising(text: str) -> Any:
    def raising(_logits: Array, _targets: Array) -> Array:
        raise ValueError(text)

    return raising


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


@functools.cache
def _written(wrong: str, text: str) -> list[Token]:
    """Return the report of a subject that is wrong in one way, and says this text."""
    function = _flipped if wrong == "refuted" else _raising(text)
    subject = Implementation(name=text, summary=text, functions={"dE/dz": function})
    found = certify(subject, formats=["binary64"], max_examples=5)
    parser = MarkdownIt("commonmark").enable("table")
    return parser.parse(markdown(Report(certificates=(found,))))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrong", ["refuted", "broken"])
def test_a_hostile_name_or_message_stays_text_in_the_report(text: str, wrong: str) -> None:
    hostile, tame = _written(wrong, text), _written(wrong, "plain")
    assert [token.type for token in hostile if token.nesting >= 0] == [
        token.type for token in tame if token.nesting >= 0
    ]
    kinds, usual = ([token.type for token in _flat(tokens)] for tokens in (hostile, tame))
    assert not set(kinds) & {"html_inline", "link_open", "image", "em_open"}
    for kind in ("strong_open", "code_inline", "fence"):
        assert kinds.count(kind) == usual.count(kind)
    assert "".join(token.content for token in hostile if token.type == "html_block") == "".join(
        token.content for token in tame if token.type == "html_block"
    )
    first_row = next(token for token in hostile if token.type == "td_open")
    name_cell = hostile[hostile.index(first_row) + 1]
    shown = "".join(child.content for child in name_cell.children or [])
    assert re.sub(r"\s+", " ", shown.replace("\u200b", "")) == " ".join(text.split())


USED = {"gradcert", "numpy", "np", "array", "f", "logits", "targets", "args", "print"}
"""All that the snippet of a subject without origin names."""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_does_not_become_code_in_the_snippet(text: str) -> None:
    subject = Implementation(name=text, functions={"dE/dz": _flipped})
    shown = certify(subject, formats=["binary64"], max_examples=5).refutations[0].discrepancy
    assert shown is not None
    code = compile(shown.snippet, "snippet", "exec")
    assert set(code.co_names) <= USED


MENTIONS = ["@user", "see #123", "GH-7", "https://github.com/o/r/issues/1", "r#12 by @a/b"]


@pytest.mark.parametrize("text", MENTIONS)
def test_text_of_the_subject_mentions_nobody_on_github(text: str) -> None:
    subject = Implementation(name=text, summary=text, functions={"dE/dz": _raising(text)})
    found = certify(subject, formats=["binary64"], max_examples=2)
    shown = markdown(Report(certificates=(found,)))
    prose = re.sub(r"(?s)```.*?```", "", shown)
    assert not re.search(r"@\w|#\d|GH-\d|://", prose)
    assert text in prose.replace("\u200b", "")


CONTROL = "a\x1b[31mred\x1b[0m\nnext\r\u202ebidi\x00"


def test_a_name_is_one_printable_line_before_it_reaches_a_terminal_or_a_page() -> None:
    subject = Implementation(name=CONTROL, functions={"dE/dz": _flipped})
    assert subject.name == "a [31mred [0m next bidi"
    found = certify(subject, formats=["binary64"], max_examples=2)
    assert found.name == subject.name
    report = Report(certificates=(found,))
    for shown in (details(found), markdown(report)):
        assert subject.name.split()[0] in shown
        assert all(c.isprintable() or c == "\n" for c in shown.replace("\u200b", ""))


def test_checks_that_are_broken_alike_are_one_line() -> None:
    subject = Implementation(name="raises", functions={"dE/dz": _raising("no")})
    found = certify(subject, max_examples=2)
    broken = [result for result in found.results if result.verdict == "broken"]
    shown = markdown(Report(certificates=(found,)))
    visible = re.sub(r"(?s)<details>.*?</details>", "", shown)
    assert visible.count("raised ValueError: no") < 5 < len(broken)
    assert re.search(r"raised ValueError: no; so too \d+ more checks", visible)
    for result in broken:
        assert f"{result.check} {result.quantity} {result.format}" in shown


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (3, None),
        (60, r"The details of the last \d+ implementations are left out"),
        (300, r"What was found of the last \d+ implementations is left out"),
        (3000, r"\d+ more implementations are left out"),
    ],
)
def test_however_many_implementations_there_are_the_markdown_fits_a_comment(
    report: Report, count: int, said: str | None
) -> None:
    (one,) = report.certificates
    many = tuple(msgspec.structs.replace(one, name=f"number {i}") for i in range(count))
    shown = markdown(Report(certificates=many))
    assert len(shown) < COMMENT
    assert "## number 0: refuted" in shown or count == 3000
    assert "number 0 " in shown
    left_out = re.findall(r"\*\*.*left out here\*\*: index.html", shown)
    assert len(left_out) == (said is not None)
    if said:
        assert len(shown) > COMMENT / 2
        assert re.search(said, shown)
        assert MarkdownIt("commonmark").render(shown).count("<details>") == shown.count(
            "</details>"
        )


def test_python_that_is_too_long_for_a_comment_is_left_out(report: Report) -> None:
    (one,) = report.certificates
    (first, *rest) = one.results
    long = [result for result in (first, *rest) if result.discrepancy is not None]
    changed = [
        msgspec.structs.replace(
            result,
            discrepancy=msgspec.structs.replace(result.discrepancy, snippet="x = 0\n" * 20000),
        )
        for result in long
        if result.discrepancy is not None
    ]
    shown = markdown(Report(certificates=(msgspec.structs.replace(one, results=tuple(changed)),)))
    assert "x = 0" not in shown
    assert "The Python that shows it again is long" in shown
    assert "dE/dz is 0.0; its true value is 0.5." in shown


def test_the_markdown_of_a_kept_certificate_is_the_kept_one() -> None:
    """Where the page is meant to have changed, write what is rendered to the file and read it."""
    golden = Path(__file__).with_name("golden")
    assert markdown(read(golden / "certificate.json")) == (golden / "report.md").read_text()


def test_the_published_report_is_that_of_its_certificate_and_fits_a_comment() -> None:
    published = SCHEMA_FILE.parents[1] / "published" / "built-ins"
    written = (published / "report.md").read_text()
    assert markdown(read(published / "certificate.json")) == written
    assert len(written) < COMMENT
