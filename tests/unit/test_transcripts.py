"""What the READMEs show of a terminal is what the commands print, in 80 columns."""

import shutil
from pathlib import Path

import pytest
from transcripts import PAGES, ROOT, WIDTH, Transcript, ran, renewed, rewritten, steady, transcripts

SHOWN = [
    pytest.param(page, one, id=f"{page.parent.name if page.parent != ROOT else ''}/{number}")
    for page in PAGES
    for number, one in enumerate(transcripts(page.read_text()), start=1)
]

VERDICTS = (0, 1)
"""The statuses of a command that did what it was asked."""


@pytest.mark.parametrize(("page", "one"), SHOWN)
def test_a_transcript_is_what_its_commands_print(
    page: Path, one: Transcript, tmp_path: Path
) -> None:
    for command in one.commands:
        if shutil.which(command.text.split()[0]) is None and "gradcert" not in command.text:
            pytest.skip(f"there is no {command.text.split()[0]} here")
    for command, (status, printed) in zip(one.commands, ran(one, tmp_path), strict=True):
        assert status in (VERDICTS if command.shown else (0,)), command.text
        again = renewed(command.shown, printed)
        assert steady(again) == steady(command.shown), f"run `make transcripts`: {page}"


@pytest.mark.parametrize(("page", "one"), SHOWN)
def test_the_commands_of_a_transcript_fit_80_columns_and_set_no_width(
    page: Path, one: Transcript
) -> None:
    for command in one.commands:
        assert "COLUMNS" not in command.text, page
        assert max(map(len, f"$ {command.text}".splitlines())) <= WIDTH, page


def test_what_a_transcript_leaves_out_stays_out_when_it_is_written_anew() -> None:
    printed = ["one 1", "two 2", "three 3", "four 4", "five 5"]
    assert renewed(("one 0", "...", "five 0"), printed) == ["one 1", "...", "five 5"]
    assert renewed(("...", "three 0", "..."), printed) == ["...", "three 3", "..."]
    assert renewed(("one 0",), printed) == printed
    assert renewed((), printed) == []


def test_a_line_that_is_printed_no_more_is_an_error_of_the_transcript() -> None:
    with pytest.raises(LookupError, match="no line like 'six 6'"):
        renewed(("...", "six 6", "..."), ["one 1"])


def test_the_commands_of_a_page_run_with_the_files_that_it_shows(tmp_path: Path) -> None:
    page = "```python\n# kernel.py\nx = 1\n```\n\n```console\n$ cat \\\n  kernel.py\nold\n```\n"
    shown = "```console\n$ cat \\\n  kernel.py\n# kernel.py\nx = 1\n```\n"
    assert rewritten(page, tmp_path).endswith(shown)


def test_the_worst_case_of_a_right_implementation_may_differ_between_machines() -> None:
    here = [" name   verdict", " ──────", " numpy  conforms  ≥ 0.69  dE/dz", " " * 20 + "masked"]
    there = [" name  verdict", " ────", " numpy  conforms  ≥ 0.7  loss"]
    assert steady(here) == steady(there)
    assert steady(here) != steady([line.replace("conforms", "refuted") for line in here])
