"""The version, the help, ``python -m gradcert``, completion, ``--quiet``, ``--json``, ``-``."""

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from command_line import QUICK, Run, run

from gradcert.cli.statuses import Status
from gradcert_reports.model.encoding import decode

pytestmark = pytest.mark.usefixtures("mine")

COMMANDS = [
    "certify",
    "search",
    "claims",
    "plan",
    "list",
    "explain",
    "render",
    "diff",
    "merge",
    "audit",
    "audit pytest",
]

PAGES = ["index.html", "report.md", "junit.xml", "badge.svg", "certificate.json"]


def test_the_version_is_printed(gradcert: Run) -> None:
    done = gradcert("--version")
    assert (done.returncode, done.stdout) == (0, f"gradcert {version('gradcert')}\n")


def test_the_module_runs_the_command_line(tmp_path: Path) -> None:
    done = run([sys.executable, "-m", "gradcert", "--version"], tmp_path)
    assert (done.returncode, done.stdout) == (0, f"gradcert {version('gradcert')}\n")
    done = run([sys.executable, "-m", "gradcert", "certify", "nope"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("gradcert: unknown implementation 'nope'")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_h_is_help(gradcert: Run, command: str) -> None:
    short, long = gradcert(*command.split(), "-h"), gradcert(*command.split(), "--help")
    assert short.returncode == 0
    assert short.stdout == long.stdout
    assert "-h, --help" in short.stdout


def test_every_command_is_among_those_that_are_tried_here(gradcert: Run) -> None:
    listed = gradcert("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == [
        command for command in COMMANDS if " " not in command
    ]


def test_the_help_has_the_rule_of_statuses_a_line_each_at_80_columns(
    gradcert: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rule = gradcert("--help").stdout.partition("Exit status of every command:\n")[2]
    found = dict(re.findall(r"(?m)^ +(\d+)  (\S.*)$", rule))
    assert found == {str(int(status)): status.meaning for status in Status}


def test_a_shell_can_complete_the_commands(script: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # `--show-completion` asks which shell started it; this is what it prints in bash.
    monkeypatch.setenv("_GRADCERT_COMPLETE", "source_bash")
    done = script()
    assert done.returncode == 0
    assert "complete -o default -F _gradcert_completion gradcert" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        "certify numpy --report -",
        "claims --report -",
        "search numpy --into -",
        "render . --report -",
        "merge . --report -",
        "audit --close atol=1 --report -",
        "audit pytest --replace mine.py:right --report -",
    ],
)
def test_a_dash_is_no_folder(gradcert: Run, tmp_path: Path, arguments: str) -> None:
    done = gradcert(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "name a folder" in line
    assert not (tmp_path / "-").exists()


def test_a_dash_is_no_folder_for_pytest_either(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--pyargs", "gradcert", "--gradcert-report", "-"]
    done = run(command, tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "'-' is no folder; name one, such as report" in done.stderr


def test_a_quiet_run_says_only_what_was_written(gradcert: Run) -> None:
    done = gradcert("certify", "mine.py:right", *QUICK, "--quick", "--quiet", "--report", "out")
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert [line.rpartition("/")[2] for line in lines] == PAGES
    assert all(line.startswith("wrote ") for line in lines)


def test_a_quiet_run_says_what_is_wrong_and_no_table(gradcert: Run) -> None:
    specs = ("mine.py:right", "mine.py:flipped")
    done = gradcert("certify", *specs, *QUICK, "--quick", "--quiet")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("flipped is refuted for dE/dz in binary64: wrong formula\n")
    assert "implementation" not in done.stdout
    assert "right" not in done.stdout.replace("mine.py:right", "")


def test_quiet_claims_print_nothing_where_all_are_as_expected(gradcert: Run) -> None:
    done = gradcert("claims", "--quick", "--max-examples", "5", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("flags", [[], ["--quiet"]])
def test_json_prints_the_certificate_and_nothing_else(
    gradcert: Run, tmp_path: Path, flags: list[str]
) -> None:
    done = gradcert("certify", "mine.py:raises", *QUICK, "--json", "--report", "out", *flags)
    assert done.returncode == 1
    assert decode(done.stdout.encode()).certificates[0].verdict == "broken"
    assert done.stdout == (tmp_path / "out" / "certificate.json").read_text() + "\n" * (
        not (tmp_path / "out" / "certificate.json").read_text().endswith("\n")
    )


def test_an_error_that_every_call_raises_is_printed_once(gradcert: Run) -> None:
    done = gradcert("certify", "mine.py:raises", *QUICK, "--quick")
    assert done.stdout.count("out of registers") == 1


def test_two_objects_of_a_class_are_told_apart(gradcert: Run, tmp_path: Path) -> None:
    with (tmp_path / "mine.py").open("a") as source:
        source.write(
            "class Scaled:\n"
            "    def __init__(self, factor): self.factor = factor\n"
            "    def __call__(self, z, t): return self.factor * right(z, t)\n"
        )
    done = gradcert("certify", "mine.py:Scaled(1)", "mine.py:Scaled(2)", *QUICK, "--quick")
    assert re.search(r"(?m)^ Scaled\(1\) +conforms ", done.stdout)
    assert re.search(r"(?m)^ Scaled\(2\) +refuted ", done.stdout)
