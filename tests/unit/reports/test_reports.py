"""Reports on disk: they read back, are replaced whole, and hold hostile texts without harm."""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gradcert_reports import (
    Certificate,
    CheckResult,
    Coverage,
    Diagnosis,
    Discrepancy,
    Entry,
    Jacobian,
    LargeBatch,
    LongRow,
    Match,
    Provenance,
    Reach,
    Regime,
    Report,
    Sample,
    Verdict,
    details,
    explanation,
    html,
    json_schema,
    markdown,
    read,
    write,
)

ROOM = Path(__file__).parents[3] / "reports"
GOLDEN = Path(__file__).with_name("golden")
REFUTED = read(GOLDEN / "certificate.json").certificates[1]
replace = msgspec.structs.replace

COMMENT = 65536
"""Characters: GitHub takes no longer comment."""

number = st.floats(allow_nan=False, allow_infinity=False)
count = st.integers(0, 2**53)
name = st.text(max_size=8)
names = st.lists(name, max_size=3).map(tuple)
rows = st.lists(names, max_size=2).map(tuple)
verdict = st.sampled_from(Verdict)
option = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | number | name
options = st.dictionaries(name, option, max_size=2)

regimes = st.builds(Regime, shape=name, changes=names, targets=name)
samples = st.builds(
    Sample,
    algorithm=name,
    rank=count,
    budgets=number,
    regime=regimes,
    classes=count,
    largest_logit=number,
)
jacobians = st.builds(Jacobian, true=rows, returned=rows)
places = st.lists(count, max_size=3).map(tuple)
long_rows = st.builds(LongRow, length=count, places=places, numbers=names, rest=st.none() | name)
row = names | long_rows
discrepancies = st.builds(
    Discrepancy,
    statement=name,
    arguments=st.dictionaries(name, st.lists(row, max_size=2).map(tuple), max_size=3),
    batch=st.none() | st.builds(LargeBatch, rows=count, kept=places),
    regimes=st.lists(regimes, max_size=2).map(tuple),
    row=count,
    index=st.none() | count,
    expected=row,
    returned=row,
    expected_is=st.sampled_from(["true", "other"]),
    enclosure=name,
    ulps=st.none() | number,
    budgets=st.none() | number,
    snippet=name,
    jacobian=st.none() | jacobians,
)
reaches = st.builds(Reach, reached=number, failed_at=st.none() | number, statement=name)
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
    effort=st.none() | name,
    date=name,
    duration=number,
    spent=st.dictionaries(name, number, max_size=2),
)
coverages = st.builds(Coverage, dimension=name, tried=names, left=names)
certificates = st.builds(
    Certificate,
    name=name,
    origin=name,
    summary=name,
    quantities=names,
    formats=names,
    loss=options,
    domain=options,
    verdict=verdict,
    worst=st.none() | results,
    results=st.lists(results, max_size=2).map(tuple),
    diagnoses=st.lists(diagnoses, max_size=2).map(tuple),
    planned=count,
    coverage=st.lists(coverages, max_size=2).map(tuple),
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


def test_a_kept_certificate_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    write(read(GOLDEN / "certificate.json"), tmp_path)
    kept = (GOLDEN / "certificate.json").read_bytes()
    assert (tmp_path / "certificate.json").read_bytes() == kept


@pytest.fixture
def report() -> Report:
    return Report(certificates=(REFUTED,))


def test_a_written_report_reads_back(report: Report, tmp_path: Path) -> None:
    write(report, tmp_path / "new")
    assert read(tmp_path / "new" / "certificate.json") == report
    assert (tmp_path / "new" / "report.md").read_text() == markdown(report)


@pytest.mark.parametrize(
    ("pattern", "replacement", "where"),
    [
        ('"gradcert-report/2"', '"gradcert-report/3"', r"`\$\.schema`"),
        ('"verdict":"refuted"', '"verdict":"fine"', r"`\$\.certificates\[0\]"),
        ('"seed":0', '"seed":"0"', r"`\$\.certificates\[0\]\.provenance\.seed`"),
        ('"domain":', '"domains":', r"`\$\.certificates\[0\]`"),
        ('"largest_logit":10000.0', '"largest_logit":[]', r"`\$\.certificates\[0\]\.domain"),
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
    assert (ROOM / "schema" / "gradcert-report-2.json").read_bytes() == json_schema()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: write([], "out"),
            "write gets an object of type list; expected a Certificate, or s",
        ),
        (
            lambda: write(Report(certificates=()), 3),
            "the directory is 3; expected the name of a fo",
        ),
        (lambda: explanation(Report(certificates=())), "explanation gets an object of type Report"),
    ],
)
def test_something_else_than_a_report_a_folder_or_a_result_is_one_line_with_what_is_expected(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_file_in_the_place_of_the_folder_is_said_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.touch()
    with pytest.raises(NotADirectoryError, match=r"it is a file, and no folder: '.*out'"):
        write(Report(certificates=()), file)


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


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _raising(text: str) -> CheckResult:
    return CheckResult(
        check="accuracy",
        quantity="dE/dz",
        format="binary64",
        verdict=Verdict.BROKEN,
        examples=1,
        reason=f"raised ValueError: {text}",
    )


def _saying(wrong: str, text: str) -> Report:
    """Return the report of a subject that is wrong in one way, and says this text everywhere."""
    (found,) = REFUTED.diagnoses
    match = replace(found.matches[0], title=text, formula=text)
    results = (_raising(text),)
    if wrong == "refuted":
        first = REFUTED.refutations[0]
        assert first.discrepancy is not None
        shown = replace(
            first.discrepancy, statement=text, snippet=text, regimes=(Regime(shape=text),)
        )
        results = (replace(first, discrepancy=shown),)
    subject = replace(
        REFUTED,
        name=text,
        summary=text,
        loss={text: text},
        domain={text: text},
        results=results,
        planned=1,
        diagnoses=(replace(found, matches=(match,), findings=(text,)),),
        provenance=replace(REFUTED.provenance, processor=text, versions={text: text}),
    )
    return Report(certificates=(subject,))


@functools.cache
def _written(wrong: str, text: str) -> list[Token]:
    parser = MarkdownIt("commonmark").enable("table")
    return parser.parse(markdown(_saying(wrong, text)))


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


MENTIONS = ["@user", "see #123", "GH-7", "https://github.com/o/r/issues/1", "r#12 by @a/b"]


@pytest.mark.parametrize("text", MENTIONS)
@pytest.mark.parametrize("wrong", ["refuted", "broken"])
def test_text_of_the_subject_notifies_nobody_on_github(wrong: str, text: str) -> None:
    shown = markdown(_saying(wrong, text))
    prose = re.sub(r"(?s)```.*?```", "", shown)
    assert not re.search(r"@\w|#\d|GH-\d|://", prose)
    assert text in prose.replace("\u200b", "")


def test_checks_that_are_broken_for_one_reason_are_one_line() -> None:
    broken = tuple(
        replace(_raising("no"), check=check)
        for check in ("accuracy", "many-classes", "memory-layout", "empty-batch", "same-answer")
    )
    subject = replace(REFUTED, verdict=Verdict.BROKEN, results=broken, diagnoses=())
    shown = markdown(Report(certificates=(subject,)))
    visible = re.sub(r"(?s)<details>.*?</details>", "", shown)
    table, _, section = visible.partition("\n## ")
    assert table.count("raised ValueError: no") == section.count("raised ValueError: no") == 1
    assert "raised ValueError: no; the same holds for 4 more checks" in visible
    for result in broken:
        assert f"{result.check} {result.quantity} {result.format}" in shown


def test_one_error_is_said_once_whatever_calls_raise_it() -> None:
    called_otherwise = replace(_raising("no"), check="empty-batch")
    reason = f"{called_otherwise.reason}, for a batch of no rows"
    other = replace(_raising("yes"), check="memory-layout")
    results = (replace(called_otherwise, reason=reason), _raising("no"), _raising("no"), other)
    shown = details(replace(REFUTED, verdict=Verdict.BROKEN, results=results, diagnoses=()))
    assert shown.count("raised ValueError: no") == 1
    assert "and 2 more checks are broken for the same reason" in shown
    assert shown.count("raised ValueError: yes") == 1


OPTIONS = {
    "label_smoothing": 0.125,
    "ignore_index": -100,
    "finite_logits": True,
    "softcap": None,
    "mean_over": "rows",
}


@pytest.mark.parametrize("page", [html, markdown])
@pytest.mark.parametrize("record", ["loss", "domain"])
def test_every_option_of_the_loss_and_the_domain_is_on_the_page(page: object, record: str) -> None:
    assert callable(page)
    shown = page(Report(certificates=(replace(REFUTED, **{record: OPTIONS}),)))
    assert (
        f"{record.capitalize()}: label smoothing 0.125, ignore index -100, finite logits yes, "
        "softcap not given, mean over rows."
    ) in shown


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (3, None),
        (34, r"The details of the last \d+ implementations are left out"),
        (300, r"The sections of the last \d+ implementations are left out"),
        (3000, r"\d+ more implementations are left out"),
    ],
)
def test_however_many_implementations_there_are_the_markdown_fits_a_comment(
    report: Report, count: int, said: str | None
) -> None:
    (one,) = report.certificates
    many = tuple(replace(one, name=f"number {i}") for i in range(count))
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
        replace(
            result,
            discrepancy=replace(result.discrepancy, snippet="x = 0\n" * 20000),
        )
        for result in long
        if result.discrepancy is not None
    ]
    shown = markdown(Report(certificates=(replace(one, results=tuple(changed)),)))
    assert "x = 0" not in shown
    assert "The Python code that reproduces it is long" in shown
    assert "dE/dz is 0.0; its true value is 0.5." in shown


def test_the_markdown_of_a_kept_certificate_is_the_kept_one() -> None:
    """Where the page is meant to have changed, write what is rendered to the file and read it."""
    assert markdown(read(GOLDEN / "certificate.json")) == (GOLDEN / "report.md").read_text()


def test_the_published_report_is_that_of_its_certificate_and_fits_a_comment() -> None:
    published = ROOM / "published" / "built-ins"
    written = (published / "report.md").read_text()
    assert markdown(read(published / "certificate.json")) == written
    assert len(written) < COMMENT
