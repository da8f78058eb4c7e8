"""The defaults of a project: ``[tool.gradcert]`` of the nearest ``pyproject.toml``."""

import os
import sys
from pathlib import Path

import pytest
from command_line import SCRIPT, Run, run

from gradcert_reports.model.encoding import decode

pytestmark = pytest.mark.usefixtures("mine")


def defaults(folder: Path, *lines: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text("\n".join(["[tool.gradcert]", *lines, ""]))
    return file


FEW = ('quantity = ["dE/dz"]', 'format = ["fp32"]', "max-examples = 5", "quick = true", "jobs = 1")


def test_the_nearest_file_with_the_table_counts_and_the_run_says_so(tmp_path: Path) -> None:
    file = defaults(tmp_path, *FEW, "seed = 3")
    below = tmp_path / "src" / "kernels"
    below.mkdir(parents=True)
    (below.parent / "pyproject.toml").write_text("[project]\nname = 'another'\n")
    done = run([str(SCRIPT), "certify", "numpy", "--json"], below)
    (found,) = decode(done.stdout.encode()).certificates
    assert done.returncode == 0
    assert (found.quantities, found.formats) == (("dE/dz",), ("binary32",))
    made = found.provenance
    assert (made.seed, made.max_examples, made.effort) == (3, 5, "quick")
    assert f"gradcert: defaults of {file}: --quantity, --format, --jobs" in done.stderr


def test_what_is_typed_wins_and_is_not_called_a_default(gradcert: Run, tmp_path: Path) -> None:
    file = defaults(tmp_path, *FEW, "seed = 3")
    typed = ("--format", "fp64", "--seed", "4", "--max-examples", "6")
    done = gradcert("certify", "numpy", *typed, "--json")
    (found,) = decode(done.stdout.encode()).certificates
    made = found.provenance
    assert (found.quantities, found.formats) == (("dE/dz",), ("binary64",))
    assert (made.seed, made.max_examples, made.effort) == (4, 6, "quick")
    said = done.stderr.splitlines()[0]
    assert said == f"gradcert: defaults of {file}: --quantity, --jobs, --quick"


def test_the_targets_of_a_project_give_way_to_a_domain_that_is_typed(
    gradcert: Run, tmp_path: Path
) -> None:
    file = defaults(tmp_path, *FEW, 'targets = "any"')
    done = gradcert("plan", "numpy", "--domain", "targets=index")
    assert done.returncode == 0, done.stderr
    assert f"gradcert: defaults of {file}: " in done.stderr
    assert "--targets" not in done.stderr
    few = ("--quantity", "dE/dz", "--format", "fp32", "--quick")
    (tmp_path / "pyproject.toml").unlink()
    assert done.stdout == gradcert("plan", "numpy", "--targets", "index", *few).stdout


@pytest.mark.parametrize(
    ("line", "named", "way_out"),
    [
        ('formats = ["fp32"]', "'formats'", "did you mean format?"),
        ("help = true", "'help'", "choose from quantity, format"),
        ('format = "fp32"', "format is 'fp32'", "expected a list of texts"),
        ('format = ["fp33"]', "'fp33'", "choose from binary64"),
        ("format = [32]", "format is [32]", "expected a list of texts"),
        ("quick = 1", "quick is 1", "expected true or false"),
        ("seed = true", "seed is True", "expected a number or a text"),
        ("seed = [3]", "seed is [3]", "expected a number or a text"),
        (
            'seed = "tuesday"',
            "--seed",
            "'tuesday' is no seed; expected an integer from 0",
        ),
        ("seed = -1", "--seed", "'-1' is no seed; expected an integer from 0"),
        ("max-examples = 0", "--max-examples", "1"),
        ('loss = ["smoothing=0.1"]', "'smoothing'", "did you mean"),
        ('report = ""', "--report", "expected the name of a folder"),
        ("seed = ", "is not TOML", "line 2"),
    ],
)
def test_what_is_wrong_in_the_file_is_one_line_that_names_the_file(
    gradcert: Run, tmp_path: Path, line: str, named: str, way_out: str
) -> None:
    file = defaults(tmp_path, line)
    done = gradcert("certify", "numpy")
    assert (done.returncode, done.stdout) == (2, "")
    (said,) = done.stderr.splitlines()
    assert said.startswith("gradcert: ")
    for part in (str(file), named, way_out):
        assert part in said


def test_a_file_that_is_wrong_does_not_hide_the_help_nor_stop_other_commands(
    gradcert: Run, tmp_path: Path
) -> None:
    defaults(tmp_path, "seed = ")
    for arguments in (["certify", "--help"], ["certify", "-h"], ["list"]):
        assert gradcert(*arguments).returncode == 0


def test_the_effort_that_is_typed_wins_over_the_other_one_and_two_typed_are_an_error(
    gradcert: Run, tmp_path: Path
) -> None:
    file = defaults(tmp_path, "thorough = true", 'quantity = ["dE/dz"]')
    done = gradcert("plan", "numpy", "--quick")
    assert done.stdout == gradcert("plan", "numpy", "--quick", "--quantity", "dE/dz").stdout
    assert done.stderr == f"gradcert: defaults of {file}: --quantity\n"
    assert gradcert("plan", "numpy", "--quick", "--thorough").returncode == 2


def suite(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Return the status, the output and the errors of the suite under pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = run([*command, *arguments], folder)
    return done.returncode, done.stdout, done.stderr


def test_the_suite_under_pytest_has_the_same_defaults(tmp_path: Path) -> None:
    file = defaults(tmp_path, *FEW)
    asked = ("--pyargs", "gradcert", "--gradcert", "mine.py:right", "-v", "--collect-only", "-q")
    status, shown, _ = suite(tmp_path, *asked[:-1])
    assert status == 0
    assert f"gradcert: defaults of {file}: quantities, formats, max_examples, quick" in shown
    assert "right-accuracy-dE/dz-binary32" in shown
    assert "binary64" not in shown
    _, shown, _ = suite(tmp_path, *asked, "--gradcert-format", "fp64")
    assert "right-accuracy-dE/dz-binary64" in shown
    assert "binary32" not in shown


def test_what_is_wrong_in_the_file_ends_the_suite_and_no_other_run_of_pytest(
    tmp_path: Path,
) -> None:
    file = defaults(tmp_path, 'formats = ["fp32"]')
    status, _, said = suite(tmp_path, "--pyargs", "gradcert", "--gradcert", "mine.py:right")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert f"{file}, [tool.gradcert]: unknown option 'formats'" in said
    (tmp_path / "test_own.py").write_text("def test_own(): pass")
    assert suite(tmp_path, "test_own.py")[0] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_one_line(gradcert: Run, tmp_path: Path) -> None:
    file = defaults(tmp_path, "seed = 3")
    file.chmod(0)
    done = gradcert("certify", "numpy")
    assert done.returncode == 2
    assert done.stderr.startswith(f"gradcert: cannot read {file}: ")
