"""A usage error is one line that names what is wrong and says what to write."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest
from command_line import Run, run, without

pytestmark = pytest.mark.usefixtures("mine")


@pytest.mark.parametrize(
    ("arguments", "named", "way_out"),
    [
        (
            "nope",
            "'nope'",
            "choose from numpy, torch, jax, see `gradcert list`",
        ),
        ("mine.py:", "'mine.py:'", "write mine.py:name"),
        ("mine.py", "'mine.py'", "write mine.py:name"),
        ("missing.py:f", "missing.py:f", "no file missing.py"),
        ("syntax.py:f", "syntax.py:f", "SyntaxError"),
        ("raising.py:f", "raising.py:f", "RuntimeError: first line second line"),
        ("exiting.py:f", "exiting.py:f", "SystemExit"),
        ("no_such_module.at_all:f", "no_such_module", "path/to/file.py:name"),
        ("mine.py:absent", "mine.py", "no attribute 'absent'"),
        ("mine.py:three", "three", "Implementation or a function"),
        ("mine.py:right --quantity dz/dE", "'dz/dE'", "choose from softmax, loss"),
        ("mine.py:right --format posit16", "'posit16'", "choose from binary64"),
        ("numpy --format posit16", "'posit16'", "choose from binary64"),
        ("numpy --targets dog", "'dog'", "choose from index, probability, any, signed"),
        ("diagonal-only --quantity loss", "'loss'", "it claims dE/dz"),
        ("diagonal-only --format bfloat16", "'bfloat16'", "it claims binary64, binary32"),
        ("--quantity dz/dE", "'dz/dE'", "choose from softmax, loss"),
        ("numpy --report mine.py", "mine.py", "choose another --report"),
        ("numpy --report mine.py/below", "mine.py/below", "choose another --report"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_says_what_to_write(
    gradcert: Run, tmp_path: Path, arguments: str, named: str, way_out: str
) -> None:
    (tmp_path / "syntax.py").write_text("def f(:")
    (tmp_path / "raising.py").write_text("raise RuntimeError('first line\\nsecond line')")
    (tmp_path / "exiting.py").write_text("raise SystemExit(0)")
    done = gradcert("certify", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    assert named in line
    assert way_out in line


def test_a_missing_extra_of_a_named_built_in_is_one_line_with_the_command_to_install_it(
    tmp_path: Path,
) -> None:
    done = run(without("torch", "certify", "torch"), tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line == (
        "gradcert: 'torch' needs torch, which is not installed: pip install 'gradcert[torch]'"
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("nope", "choose from numpy, torch, jax"),
        ("mine.py:absent", "no attribute 'absent'"),
        ("numpy --format posit16", "choose from binary64"),
        ("diagonal-only --quantity loss", "it claims dE/dz"),
    ],
)
def test_the_plan_of_what_cannot_be_loaded_is_one_line(
    gradcert: Run, arguments: str, named: str
) -> None:
    done = gradcert("plan", *arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert named in line


@pytest.mark.parametrize(
    ("option", "given"), [("--max-examples", "0"), ("--seed", "tuesday"), ("--speed", "1")]
)
def test_a_bad_option_is_a_usage_error_without_a_traceback(
    gradcert: Run, option: str, given: str
) -> None:
    done = gradcert("certify", "numpy", option, given)
    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["certify numpy", "claims", "plan numpy"])
def test_a_run_that_is_quick_and_thorough_is_one_line_that_says_what_to_do(
    gradcert: Run, command: str
) -> None:
    done = gradcert(*command.split(), "--quick", "--thorough")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "gradcert: a run is quick or thorough, not both: leave one of the two out\n"
    )


@pytest.mark.parametrize("command", ["certify numpy", "claims", "render x", "merge x"])
def test_a_report_folder_without_a_name_is_a_usage_error(gradcert: Run, command: str) -> None:
    done = gradcert(*command.split(), "--report", "")
    assert done.returncode == 2
    assert "it is empty; expected the name of a folder" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["list"], 0), (["certify", "no-such-subject"], 2)]
)
def test_help_list_and_a_usage_error_load_no_numerical_library(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    code = f"""
    import sys
    from gradcert.cli import main
    try:
        main({arguments})
    finally:
        print(sorted({{"numpy", "flint", "hypothesis", "torch", "jax"}} & set(sys.modules)))
    """
    done = run([sys.executable, "-c", dedent(code)], tmp_path)
    assert done.returncode == status
    assert done.stdout.splitlines()[-1] == "[]"
