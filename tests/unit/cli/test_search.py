"""``gradcert search`` at its door: what is wrong with a request is one line, with status 2."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from command_line import SCRIPT, Run, run, without
from standalone_subjects import PROGRAM

from gradcert.campaign.journal import Journal
from gradcert_reports.searches.records import Search

LIMITED = ("--rows", "1e5")
FEW = ("--quantity", "dE/dz", "--format", "fp32", "--domain", "classes=3", "--jobs", "1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mine.py:right",), "say when the search ends: --hours 8, --rows 1e8, or --exhaustive"),
        (("mine.py:right", "--hours", "0"), "--hours is 0; expected a positive number"),
        (("mine.py:right", "--rows", "inf"), "--rows is inf; expected a positive number"),
        (("mine.py:right", "--rows", "9", "--hours", "1"), "leave one of them out"),
        (("mine.py:right", "--rows", "9", "--exhaustive"), "leave --rows out"),
        (
            ("mine.py:right", *LIMITED, "--time-limit", "inf"),
            "--time-limit or --memory-limit is inf",
        ),
        ((), "name a SPEC to begin one"),
        (("mine.py:left", *LIMITED), "has no attribute 'left'"),
        (
            ("mine.py:right", "--format", "fp64", "--exhaustive"),
            "nothing to search: dE/dz-binary64: binary64 has too many numbers",
        ),
        (
            ("mine.py:right", *LIMITED, "--cluster", "tcp://127.0.0.1:1"),
            "no scheduler answers at tcp://127.0.0.1:1",
        ),
        (("mine.py:right", *LIMITED, "--cluster", "nowhere"), "no scheduler answers at nowhere"),
        (("mine.py:right", *LIMITED, "--cluster", "tls://127.0.0.1:1"), "no scheduler answers"),
        (
            (f"command:{sys.executable} mine.py", *LIMITED, "--cluster", "tcp://127.0.0.1:1"),
            "names the file mine.py, which does not go to the workers: name it by its whole path",
        ),
    ],
)
@pytest.mark.usefixtures("mine")
def test_a_wrong_request_is_one_line(
    script: Run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    found = script("search", *arguments, "--into", "night")
    assert (found.returncode, found.stdout) == (2, "")
    assert len(found.stderr.splitlines()) == 1, found.stderr
    assert said in found.stderr
    assert not (tmp_path / "night" / "started.json").exists()


@pytest.mark.usefixtures("mine")
def test_without_the_library_the_line_says_how_to_install_it(tmp_path: Path) -> None:
    command = without("distributed", "search", "mine.py:right", *LIMITED, "--into", "night")
    found = run(command, tmp_path)
    assert found.returncode == 2
    assert "pip install 'gradcert[cluster]'" in found.stderr
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.usefixtures("mine")
def test_a_folder_of_another_search_or_of_other_things_is_refused(
    script: Run, tmp_path: Path
) -> None:
    options = ("--quantity", "dE/dz", "--format", "fp32", "--jobs", "1", "--into", "night")
    first = script("search", "mine.py:right", *LIMITED, *options)
    assert first.returncode == 0, first.stderr
    assert "no row is wrong among" in first.stdout
    for other in (("mine.py:flipped",), ("mine.py:right", "--seed", "1")):
        found = script("search", *other, *LIMITED, *options)
        assert found.returncode == 2
        assert "night holds another search, begun by" in found.stderr
    found = script("search", "--into", "night", "--format", "fp16")
    assert found.returncode == 2
    assert "has its options already" in found.stderr
    before = (tmp_path / "night" / "blocks.jsonl").read_bytes()
    report = script("search", "--into", "night", "--report")
    assert report.returncode == 0
    assert report.stdout == first.stdout
    more = script("search", "--into", "night", "--rows", "1.5e6", "--jobs", "1")
    assert more.returncode == 0, more.stderr
    after = (tmp_path / "night" / "blocks.jsonl").read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    found = script("search", "mine.py:right", *LIMITED, "--into", ".")
    assert found.returncode == 2
    assert "is not empty, and holds no search" in found.stderr


@pytest.mark.usefixtures("mine")
def test_two_processes_do_not_search_in_one_folder(script: Run, tmp_path: Path) -> None:
    night = tmp_path / "night"
    night.mkdir()
    with Journal(night).alone():
        found = script("search", "mine.py:right", *LIMITED, *FEW, "--into", "night")
    assert found.returncode == 2
    assert f"another process searches in {night}; choose another --into" in found.stderr
    assert not list(night.iterdir())
    found = script("search", "mine.py:right", *LIMITED, *FEW, "--into", "night")
    assert found.returncode == 0, found.stderr


@pytest.mark.usefixtures("mine")
def test_what_is_wrong_everywhere_ends_the_search_at_once_with_status_1(script: Run) -> None:
    options = ("--format", "fp32", "--hours", "1", "--jobs", "1", "--into", "night")
    found = script("search", "mine.py:flipped", *options)
    assert found.returncode == 1, found.stderr
    assert found.stdout.startswith("flipped: dE/dz-binary32 is refuted (1 of 1 claims).")
    assert "sign-flipped explains" in found.stdout


@pytest.mark.usefixtures("mine")
def test_what_a_subject_prints_or_raises_is_no_line_of_ours(script: Run, tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(
        "from mine import right\n\n"
        "def gradient(logits, targets):\n"
        "    print('loud')\n"
        "    return right(logits, targets)\n"
    )
    options = ("--format", "fp32", "--rows", "1e4", "--jobs", "1", "--into", "night")
    found = script("search", "loud.py:gradient", *options)
    assert found.returncode == 0, found.stderr
    assert "loud" not in found.stdout.replace("loud.py", "")
    broken = script("search", "mine.py:raises", *options[:-1], "other")
    assert broken.returncode == 1
    assert "out of registers" in broken.stdout


@pytest.mark.usefixtures("mine")
def test_a_search_does_not_go_on_with_a_file_that_has_changed(script: Run, tmp_path: Path) -> None:
    options = ("--quantity", "dE/dz", "--format", "fp32", "--jobs", "1", "--into", "night")
    assert script("search", "mine.py:right", *LIMITED, *options).returncode == 0
    with (tmp_path / "mine.py").open("a") as file:
        file.write("# another version\n")
    found = script("search", "--into", "night")
    assert (found.returncode, found.stdout) == (2, "")
    assert "mine.py has changed since the search began" in found.stderr
    assert script("search", "--into", "night", "--report").returncode == 0


@pytest.mark.usefixtures("mine")
def test_a_search_of_a_file_goes_on_from_the_folder_in_which_it_began(tmp_path: Path) -> None:
    search = [str(SCRIPT), "search", "mine.py:right", *LIMITED, *FEW, "--into", str(tmp_path / "n")]
    assert run(search, tmp_path).returncode == 0
    (tmp_path / "elsewhere").mkdir()
    for options in ((), ("--report",)):
        again = [str(SCRIPT), "search", "--into", str(tmp_path / "n"), *options]
        found = run(again, tmp_path / "elsewhere")
        assert (found.returncode, found.stdout) == (2, "")
        assert f"the search began in {tmp_path}, where mine.py:right names a file" in found.stderr


@pytest.mark.usefixtures("mine")
def test_a_report_of_claims_that_the_subject_has_lost_is_refused(
    script: Run, tmp_path: Path
) -> None:
    found = script("search", "mine.py:right", *LIMITED, *FEW[2:], "--into", "night")
    assert found.returncode == 0, found.stderr
    blocks = tmp_path / "night" / "blocks.jsonl"
    blocks.write_text(blocks.read_text().replace("dE/dz-binary32", "loss-binary32"))
    report = script("search", "--into", "night", "--report")
    assert (report.returncode, report.stdout) == (2, "")
    assert "claims no more loss-binary32, which the search" in report.stderr


def test_a_program_with_a_long_argument_or_a_file_that_is_missing_is_no_fault_of_ours(
    script: Run, tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM.replace("SIGN", "1"))
    spec = f"command:{sys.executable} program.py {'x' * 300}"
    found = script("search", spec, "--rows", "1e3", *FEW, "--into", "night")
    assert found.returncode == 0, found.stderr
    (tmp_path / "program.py").unlink()
    gone = script("search", "--into", "night", "--rows", "1e6")
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "program.py has changed since the search began, or is missing" in gone.stderr


@pytest.mark.usefixtures("mine")
def test_a_file_that_changes_while_it_is_searched_ends_the_search(tmp_path: Path) -> None:
    options = [*FEW, "--hours", "1", "--into", "night"]
    search = subprocess.Popen(
        [str(SCRIPT), "search", "mine.py:right", *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    blocks = tmp_path / "night" / "blocks.jsonl"
    while not blocks.exists() and search.poll() is None:
        time.sleep(0.05)
    with (tmp_path / "mine.py").open("a") as file:
        file.write("# another version\n")
    _, said = search.communicate(timeout=120)
    assert search.returncode == 3
    assert "mine.py has changed since the search began" in said.splitlines()[0]
    assert "goes on from here" not in said


def test_an_exhaustive_search_whose_hours_are_over_is_not_complete(
    script: Run, tmp_path: Path
) -> None:
    options = ("--quantity", "loss", "--format", "half", "--largest-logit", "1e-6", "--exhaustive")
    found = script("search", "numpy", *options, "--hours", "1e-9", "--into", "night")
    assert found.returncode == 0, found.stderr
    assert "is not complete." in (tmp_path / "night" / "report.md").read_text()
    whole = script("search", "--into", "night", "--hours", "1", "--jobs", "1")
    assert whole.returncode == 0, whole.stderr
    assert "is complete." in (tmp_path / "night" / "report.md").read_text()


def _exhaustive(folder: Path) -> set[str]:
    found = msgspec.json.decode((folder / "search.json").read_bytes(), type=Search)
    assert found.found == ()
    return {claim.claim for claim in found.claims if claim.exhaustive}


def test_exhaustive_is_said_of_each_quantity_whose_blocks_are_all_done(
    script: Run, tmp_path: Path
) -> None:
    names = ("softmax", "loss", "dE/dz", "softmax-backward")
    options = [word for name in names for word in ("--quantity", name)]
    options += ["--format", "half", "--largest-logit", "1e-6", "--exhaustive", "--jobs", "1"]
    found = script("search", "numpy", *options, "--into", "night")
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("Exhaustive:") == len(names)
    assert _exhaustive(tmp_path / "night") == {f"{name}-binary16" for name in names}
    # A line is a block, and here a block is a claim.
    file = tmp_path / "night" / "blocks.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "dE/dz" not in line and "back" not in line))
    report = script("search", "--into", "night", "--report")
    assert report.stdout.count("Exhaustive:") == 2
    assert _exhaustive(tmp_path / "night") == {"softmax-binary16", "loss-binary16"}


@pytest.mark.usefixtures("mine")
def test_the_defaults_of_a_project_count_where_a_search_begins(script: Run, tmp_path: Path) -> None:
    lines = (
        "[tool.gradcert]",
        'quantity = ["dE/dz"]',
        'format = ["fp32"]',
        'domain = ["classes=3"]',
        "seed = 3",
        "jobs = 1",
        "time-limit = 50",
        'report = "out"',
        "quick = true",
    )
    (tmp_path / "pyproject.toml").write_text("\n".join(lines))
    found = script("search", "mine.py:right", *LIMITED, "--memory-limit", "3", "--into", "night")
    assert found.returncode == 0, found.stderr
    said = f"gradcert: defaults of {tmp_path}/pyproject.toml: "
    named = "--quantity, --format, --domain, --time-limit, --jobs, --seed"
    assert found.stderr.splitlines()[0] == said + named
    started = msgspec.json.decode((tmp_path / "night" / "started.json").read_bytes())
    assert started["request"]["seed"] == 3
    assert started["request"]["limits"] == {"seconds": 50, "gigabytes": 3}
    again = script("search", "--into", "night")
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[0] == said + "--jobs"
    assert again.stdout == found.stdout
    typed = script("search", "--into", "night", "--time-limit", "9")
    assert typed.returncode == 2
    assert "has its options already" in typed.stderr


def test_a_program_is_searched_and_one_line_says_how_far_it_is(
    script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM.replace("SIGN", "1"))
    monkeypatch.setenv("FORCE_COLOR", "1")  # As on a terminal.
    spec = f"command:{sys.executable} program.py"
    found = script("search", spec, *LIMITED, *FEW, "--into", "night")
    assert found.returncode == 0, found.stderr
    assert "no row is wrong among" in found.stdout
    line = r"[\d.,e]+ rows, [\d.,e]+ a second, 1 worker, worst [\d.e-]+ budgets, .+ left"
    assert re.search(line, found.stderr), found.stderr


@pytest.mark.usefixtures("mine")
def test_an_isolated_subject_that_ends_its_process_is_broken(script: Run, tmp_path: Path) -> None:
    (tmp_path / "died.py").write_text("import os\ndef dies(logits, targets): os._exit(3)\n")
    found = script("search", "died.py:dies", *LIMITED, *FEW, "--isolate", "--into", "night")
    assert found.returncode == 1, found.stderr
    assert found.stdout.startswith("dies: dE/dz-binary32 is broken (1 of 1 claims).")
    assert "Traceback" not in found.stderr


OF_TWO_KILOBYTES = """
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a command whose files can have two thousand bytes."""


@pytest.mark.usefixtures("mine")
def test_a_full_disk_is_one_line_and_the_search_goes_on_when_there_is_room(
    script: Run, tmp_path: Path
) -> None:
    search = ("search", "mine.py:right", "--rows", "1.5e6", *FEW, "--into", "night")
    full = subprocess.run(
        [sys.executable, "-c", OF_TWO_KILOBYTES, str(SCRIPT), *search],
        cwd=tmp_path,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # Python would keep half a file of it.
        capture_output=True,
        text=True,
        check=False,
    )
    assert (full.returncode, full.stdout) == (2, "")
    (line,) = full.stderr.splitlines()
    assert line.startswith(f"gradcert: cannot write to {tmp_path}/night: File too large; what was")
    file = tmp_path / "night" / "blocks.jsonl"
    assert file.stat().st_size == 2000
    whole = file.read_bytes().splitlines(keepends=True)[:-1]
    assert whole
    report = script("search", "--into", "night", "--report")
    assert report.returncode == 0, report.stderr
    assert file.stat().st_size == 2000, "a reader wrote"
    more = script(*search)
    assert more.returncode == 0, more.stderr
    lines = file.read_bytes().splitlines(keepends=True)
    assert lines[: len(whole)] == whole
    numbers = [msgspec.json.decode(line)[1]["number"] for line in lines]
    assert len({*numbers}) == len(numbers) > len(whole)
