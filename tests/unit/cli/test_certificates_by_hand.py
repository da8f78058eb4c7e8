"""A certificate.json that somebody edited by hand: its texts stay text, and a fault is one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Run
from filled_reports import filled
from hostile_texts import ALL_IN_ONE
from msgspec.structs import replace

from gradcert.cli import main
from gradcert_reports import Report
from gradcert_reports.model.encoding import encode


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a certificate with a text in every field, with one piece of its JSON replaced."""

    def written(piece: str, other: str) -> Path:
        content = encode(filled("plain")).decode()
        assert piece in content
        path = tmp_path / "edited.json"
        path.write_text(content.replace(piece, other, 1))
        return path

    return written


@pytest.mark.parametrize("command", ["render", "diff", "merge"])
def test_texts_of_a_certificate_reach_a_terminal_as_text(
    script: Run, tmp_path: Path, command: str
) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    report = filled(ALL_IN_ONE)
    old.write_bytes(encode(report))
    new.write_bytes(encode(Report(certificates=report.certificates[::-1])))
    writes = command != "diff"
    given = [old] if command == "render" else [old, new]
    done = script(command, *given, *(["--report", tmp_path / "pages"] if writes else []))
    assert done.returncode == (not writes), done.stderr
    assert all(c.isprintable() or c == "\n" for c in done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
    assert (tmp_path / "pages" / "report.md").exists() == writes


def _refused(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the line with which a certificate is refused."""
    with pytest.raises(SystemExit) as ended:
        main(["render", str(path)])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.rstrip("\n").isprintable()
    return said.err


ESCAPE = r"\u001b[31m\u202e\n@someone <b> "


@pytest.mark.parametrize(
    ("piece", "other", "said"),
    [
        ('"verdict":"conforms"', f'"verdict":"{ESCAPE}"', "Invalid enum value"),
        ('"expected_is":"other"', f'"expected_is":"{ESCAPE}"', "Invalid enum value"),
        ('"schema":"gradcert-report/2"', f'"schema":"{ESCAPE}"', "the schema is"),
        ('"summary":', f'"{ESCAPE}":"","summary":', "unknown field"),
        ('"planned":9', '"planned":1', "has 5 results, of 1 planned"),
        ('"planned":9', '"planned":1e999', "`$.certificates[0].planned`"),
        ('"seed":0', '"seed":"0"', "Expected `int`, got `str`"),
        ('"name":"plain"', r'"name":"half \ud83d of a pair"', "is not JSON"),
        ('"name":"plain"', '"name":"a raw \x1b escape"', "is not JSON"),
        ('"name":"plain"', '"name":' + "[" * 100_000, "does not follow the schema"),
        ('"planned":9', '"planned":' + "9" * 10_000, "out of range"),
    ],
    ids=range(11),
)
def test_an_edited_certificate_that_cannot_be_is_refused_in_one_line(
    edited: Callable[[str, str], Path],
    piece: str,
    other: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said in _refused(edited(piece, other), capsys)


@pytest.mark.parametrize("text", [ALL_IN_ONE, "unbroken" * 100_000], ids=["hostile", "long"])
def test_a_contradiction_is_one_line_whatever_the_names_are(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_ = filled(text).certificates
    path = tmp_path / "certificate.json"
    path.write_bytes(encode(Report(certificates=(replace(first, planned=0),))))
    assert len(_refused(path, capsys)) < 2000
