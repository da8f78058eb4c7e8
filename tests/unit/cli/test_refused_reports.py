"""A file that ``gradcert render``, ``diff`` or ``merge`` cannot read or write is one line."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command_line import Run
from kept_reports import OLD, REPORT, RIGHT, WRONG, kept

from gradcert_reports import (
    Verdict,
)


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
    kept(tmp_path / "good", RIGHT)
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
    kept(tmp_path, RIGHT)
    (tmp_path / "file").write_text("")
    _refused(gradcert(*command, "--report", folder), folder, "choose another --report")


def test_a_page_that_cannot_be_written_is_one_line(gradcert: Run, tmp_path: Path) -> None:
    kept(tmp_path, RIGHT)
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
