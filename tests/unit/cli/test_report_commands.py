"""``gradcert render``, ``diff`` and ``merge`` as their users meet them, on reports on disk."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Discrepancy,
    Entry,
    Regime,
    Report,
    Verdict,
    keep,
    merge,
    read,
)

PAGES = ("index.html", "report.md", "junit.xml", "badge.svg", "certificate.json")

Run = Callable[..., "subprocess.CompletedProcess[str]"]

GOLDEN = Path(__file__).parents[1] / "reports" / "golden"
RIGHT = read(GOLDEN / "certificate.json").certificates[0]
SEEN = Discrepancy(
    statement="dE/dz is 0.0; its true value is 0.5",
    arguments={"logits": (("0.0", "0.0"),), "targets": (("1.0", "0.0"),)},
    regimes=(Regime(shape="ties"),),
    row=0,
    index=1,
    returned=("-0.5", "0.0"),
    expected=("-0.5", "0.5"),
    expected_is="true",
    ulps=4.5e15,
    budgets=2e15,
    snippet="print(0.0)",
)
WRONG = replace(
    RIGHT,
    name="mine",
    verdict=Verdict.REFUTED,
    worst=None,
    results=tuple(
        replace(result, verdict=Verdict.REFUTED, worst=None, discrepancy=SEEN)
        if result.check == "accuracy"
        else result
        for result in RIGHT.results
    ),
)
LINE = Entry(claim=3, statement="E", where="F", expected=Verdict.REFUTED, certificate=1)
REPORT = Report(certificates=(RIGHT, WRONG), ledger=(LINE,))


def _kept(folder: Path, *certificates: Certificate, ledger: tuple[Entry, ...] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    keep(Report(certificates=certificates, ledger=ledger), folder)
    return folder / "certificate.json"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("given", ["one/certificate.json", "one"])
def test_render_writes_every_page_beside_the_file_and_the_same_bytes_each_time(
    gradcert: Run, tmp_path: Path, given: str
) -> None:
    _kept(tmp_path / "one", *REPORT.certificates, ledger=REPORT.ledger)
    assert gradcert("render", given).returncode == 0
    first = _bytes(tmp_path / "one")
    assert sorted(first) == sorted(PAGES)
    done = gradcert("render", given, "--report", "two")
    assert (done.returncode, done.stdout) == (0, "")
    assert [line.split("/")[-1] for line in done.stderr.splitlines()] == [*PAGES]
    assert _bytes(tmp_path / "two") == first
    assert read(tmp_path / "two" / "certificate.json") == REPORT


def test_render_does_not_replace_another_report_that_lies_beside_the_file(
    gradcert: Run, tmp_path: Path
) -> None:
    path = _kept(tmp_path, WRONG)
    path.rename(tmp_path / "old.json")
    _kept(tmp_path, RIGHT)
    before = _bytes(tmp_path)
    done = gradcert("render", "old.json")
    assert done.returncode == 2
    assert "old.json beside it would replace certificate.json" in done.stderr
    assert _bytes(tmp_path) == before


def _on(certificate: Certificate, rank: int, algorithm: str) -> Certificate:
    """Return a certificate whose worst accuracy was explained by another algorithm."""
    (judged,) = (result for result in certificate.results if result.check == "accuracy")
    assert judged.worst is not None
    worse = replace(judged, worst=replace(judged.worst, rank=rank, algorithm=algorithm))
    results = tuple(worse if result == judged else result for result in certificate.results)
    return replace(certificate, results=results, worst=worse)


def test_diff_of_a_report_with_itself_succeeds_and_says_so(gradcert: Run, tmp_path: Path) -> None:
    _kept(tmp_path, RIGHT, WRONG)
    done = gradcert("diff", ".", "certificate.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "nothing got better or worse\n"


def test_diff_fails_on_a_regression_and_names_it(gradcert: Run, tmp_path: Path) -> None:
    _kept(tmp_path / "old", RIGHT)
    _kept(tmp_path / "new", _on(RIGHT, 9, "log-sum-exp"))
    done = gradcert("diff", "old", "new")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("worse\n  numpy: ")
    assert " -> log-sum-exp\n    accuracy of dE/dz in binary64: " in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "status", "shown"),
    [
        ([WRONG], [replace(RIGHT, name=WRONG.name)], 0, "better\n  mine: refuted -> con"),
        ([replace(RIGHT, name=WRONG.name)], [WRONG], 1, "worse\n  mine: conforms -> ref"),
        ([RIGHT], [RIGHT, WRONG], 0, "appeared\n  mine: refuted\n"),
        ([RIGHT, WRONG], [RIGHT], 1, "gone\n  mine: refuted\n"),
        ([], [], 0, "nothing got better or worse\n"),
    ],
)
def test_the_status_of_diff_is_1_for_what_is_worse_or_gone_and_0_for_what_is_better_or_new(
    gradcert: Run,
    tmp_path: Path,
    old: list[Certificate],
    new: list[Certificate],
    status: int,
    shown: str,
) -> None:
    _kept(tmp_path / "old", *old)
    _kept(tmp_path / "new", *new)
    done = gradcert("diff", "old", "new/certificate.json")
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(shown)


def test_merge_writes_one_report_of_all_and_the_ledger_points_where_it_did(
    gradcert: Run, tmp_path: Path
) -> None:
    _kept(tmp_path / "one", RIGHT)
    _kept(tmp_path / "two", *REPORT.certificates, ledger=REPORT.ledger)
    other = replace(RIGHT, provenance=replace(RIGHT.provenance, machine="another"))
    _kept(tmp_path / "three", other)
    done = gradcert("merge", "three", "two/certificate.json", "one", "--report", "all/of them")
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(_bytes(tmp_path / "all" / "of them")) == sorted(PAGES)
    assert read(tmp_path / "all" / "of them" / "certificate.json") == Report(
        certificates=(other, RIGHT, WRONG), ledger=(replace(LINE, certificate=2),)
    )


def test_merge_of_one_report_is_that_report(gradcert: Run, tmp_path: Path) -> None:
    path = _kept(tmp_path, *REPORT.certificates, ledger=REPORT.ledger)
    assert gradcert("merge", ".", "--report", "new").returncode == 0
    assert (tmp_path / "new" / "certificate.json").read_bytes() == path.read_bytes()


@st.composite
def small_reports(draw: st.DrawFn) -> Report:
    names = draw(st.lists(st.sampled_from("abc"), max_size=4))
    places = st.integers(0, len(names) - 1) if names else st.nothing()
    lines = st.builds(replace, st.just(LINE), claim=st.integers(1, 2), certificate=places)
    return Report(
        certificates=tuple(replace(RIGHT, name=name) for name in names),
        ledger=tuple(draw(st.lists(lines, max_size=3))) if names else (),
    )


def _claims(report: Report) -> set[tuple[int, str]]:
    return {(line.claim, report.certificates[line.certificate].name) for line in report.ledger}


@settings(max_examples=100, deadline=None, database=None)
@given(parts=st.lists(small_reports(), min_size=1, max_size=3))
def test_a_merged_report_holds_each_certificate_once_in_order_and_every_claim_of_one(
    parts: list[Report],
) -> None:
    whole = merge(parts)
    names = [certificate.name for part in parts for certificate in part.certificates]
    assert [certificate.name for certificate in whole.certificates] == list(dict.fromkeys(names))
    assert _claims(whole) == set().union(*map(_claims, parts))
    assert merge([whole]) == merge([whole, *parts]) == whole
    assert merge([merge(parts[:1]), *parts[1:]]) == whole


def _edited(tmp_path: Path, *keys: str | int, value: Any) -> None:
    """Write bad.json: a report with one value replaced by hand."""
    data = json.loads(msgspec.json.encode(REPORT))
    place = data
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    (tmp_path / "bad.json").write_text(json.dumps(data))


def _refused(done: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    for part in parts:
        assert part in line


COMMANDS = {
    "render": ("render", "GIVEN", "--report", "new"),
    "diff": ("diff", "GIVEN", "good"),
    "diff with": ("diff", "good", "GIVEN"),
    "merge": ("merge", "good", "GIVEN", "--report", "new"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nowhere", "no file nowhere"),
        ("nowhere/certificate.json", "no file nowhere/certificate.json"),
        ("empty", "no certificate.json in empty"),
        ("text.json", "text.json is not JSON: "),
    ],
)
def test_a_path_that_is_no_report_is_one_line_that_names_it_and_says_what_to_give(
    gradcert: Run, tmp_path: Path, command: str, given: str, says: str
) -> None:
    _kept(tmp_path / "good", RIGHT)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("certificate")
    arguments = [given if part == "GIVEN" else part for part in COMMANDS[command]]
    _refused(gradcert(*arguments), says, "give a certificate.json, or a folder that holds one")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{\0}\0",
        b'{"schema": "gradcert-report/2", "certificates": [{"name": "\xff"}]}',
        b'{"schema": "gradcert-report/2", "certificates": [{"name": "\\ud800"}]}',
    ],
)
def test_a_file_that_is_not_json_in_utf_8_is_refused(
    gradcert: Run, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    _refused(gradcert("render", "bad.json"), "bad.json is not JSON: ")


@pytest.mark.parametrize(
    ("keys", "value", "where"),
    [
        (("certificates", 0, "verdict"), "fine", "'fine' - at `$.certificates[0].verdict`"),
        (("certificates", 1, "provenance", "seed"), "0", "`$.certificates[1].provenance.seed`"),
        (("certificates", 0, "domain"), None, "`$.certificates[0].domain`"),
        (("certificates", 0, "pl\nanned"), 3, "unknown field `pl anned` - at `$.certificates[0]`"),
        (("certificates",), 7, "`$.certificates`"),
    ],
)
def test_a_file_that_does_not_follow_the_schema_is_refused_saying_where(
    gradcert: Run, tmp_path: Path, keys: tuple[str | int, ...], value: Any, where: str
) -> None:
    _edited(tmp_path, *keys, value=value)
    _refused(
        gradcert("render", "bad.json"),
        "bad.json does not follow the schema gradcert-report/2: ",
        where,
    )


@pytest.mark.parametrize("content", ["[]", "7", "null", "{}", '{"x": ' + "[" * 100_000])
def test_json_of_something_else_is_refused(gradcert: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    _refused(gradcert("render", "bad.json"), "bad.json does not follow the schema")


def test_another_version_of_the_schema_is_refused_with_all_versions(
    gradcert: Run, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text('{"findings": [], "schema": "gradcert-report/3"}')
    _refused(
        gradcert("render", "bad.json"),
        "'gradcert-report/3'",
        "this gradcert reads 'gradcert-report/1' and 'gradcert-report/2'",
        "the version of gradcert that wrote it",
    )


OLD = GOLDEN / "version-1.json"


def test_a_file_of_version_1_that_does_not_follow_it_is_refused_with_that_version(
    gradcert: Run, tmp_path: Path
) -> None:
    changed = OLD.read_text().replace('"decides_to":', '"decides_two":')
    (tmp_path / "bad.json").write_text(changed)
    _refused(
        gradcert("render", "bad.json"),
        "bad.json does not follow the schema gradcert-report/1: ",
        "unknown field `decides_two`",
    )


def test_a_path_with_control_characters_is_one_printable_line(gradcert: Run) -> None:
    done = gradcert("diff", "old\x1b[2J\nnew", ".")
    _refused(done, "no file old [2J new: ")
    assert done.stderr.rstrip("\n").isprintable()


def test_every_command_reads_a_report_of_version_1(gradcert: Run, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(OLD.read_bytes())
    assert gradcert("render", "old.json", "--report", "new").returncode == 0
    assert read(tmp_path / "new" / "certificate.json") == read(OLD)
    done = gradcert("diff", "old.json", "new")
    assert (done.returncode, done.stdout) == (0, "nothing got better or worse\n")
    assert gradcert("merge", "old.json", "new", "--report", "both").returncode == 0
    assert read(tmp_path / "both" / "certificate.json") == read(OLD)


REFUTED = next(
    place for place, result in enumerate(WRONG.results) if result.verdict == Verdict.REFUTED
)
FOUND = ("certificates", 1, "results", REFUTED, "discrepancy")


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        (("ledger", 0, "certificate"), 2, "claim 3 of the ledger is at certificate 2, but there"),
        (("ledger", 0, "certificate"), -1, "claim 3 of the ledger is at certificate -1"),
        ((*FOUND, "row"), 1, "has its discrepancy in row 1, but `logits` has 1 rows"),
        ((*FOUND, "row"), -1, "has its discrepancy in row -1"),
        ((*FOUND, "arguments", "logits"), [], "but `logits` has 0 rows"),
        ((*FOUND, "arguments"), {}, "has a discrepancy without arguments"),
        (FOUND, None, "is refuted without a discrepancy"),
    ],
)
def test_a_place_that_the_report_does_not_have_is_refused(
    gradcert: Run, tmp_path: Path, keys: tuple[str | int, ...], value: Any, says: str
) -> None:
    _edited(tmp_path, *keys, value=value)
    for arguments in (("render", "bad.json"), ("merge", "bad.json", "--report", "new")):
        _refused(gradcert(*arguments), "bad.json does not follow the schema ", says)


@pytest.mark.parametrize("command", [("render", "."), ("merge", ".")])
@pytest.mark.parametrize("folder", ["file", "file/below", "x" * 300])
def test_a_folder_that_cannot_be_written_to_is_one_line(
    gradcert: Run, tmp_path: Path, command: tuple[str, ...], folder: str
) -> None:
    _kept(tmp_path, RIGHT)
    (tmp_path / "file").write_text("")
    _refused(gradcert(*command, "--report", folder), folder, "choose another --report")


def test_a_page_that_cannot_be_written_is_one_line(gradcert: Run, tmp_path: Path) -> None:
    _kept(tmp_path, RIGHT)
    (tmp_path / "badge.svg").mkdir()
    _refused(gradcert("render", "."), "badge.svg: Is a directory", "choose another --report")


def test_a_path_too_long_for_the_system_is_one_line(gradcert: Run) -> None:
    _refused(gradcert("diff", "x" * 300, "."), "cannot read xxx", "File name too long")


@pytest.mark.parametrize("command", ["render", "diff", "merge"])
def test_a_missing_argument_is_a_usage_error_without_a_traceback(
    gradcert: Run, command: str
) -> None:
    done = gradcert(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Missing argument" in done.stderr
    assert "Traceback" not in done.stderr
