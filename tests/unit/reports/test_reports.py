"""Reports on disk: they read back, follow the schema, and are replaced whole."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    explanation,
    json_schema,
    markdown,
    read,
    write,
)

ROOM = Path(__file__).parents[3] / "reports"
GOLDEN = Path(__file__).with_name("golden")
REFUTED = read(GOLDEN / "certificate.json").certificates[1]
replace = msgspec.structs.replace


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
