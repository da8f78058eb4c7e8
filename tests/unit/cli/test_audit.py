"""``gradcert audit`` on the command line: what it prints and writes, and how it refuses."""

import json
from pathlib import Path

import pytest
from command_line import Run

SMALL = ("--rows", "16", "--classes", "8")


def test_what_a_loose_bound_lets_pass_is_one_screen(script: Run) -> None:
    done = script("audit", "--close", "atol=5,rtol=50", *SMALL, "--loss", "reduction=mean")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "|got - want| <= 5 + 50 |want|"
    assert lines[1] == "dE/dz in binary32, 16 x 8 logits, normal, reduction=mean"
    assert any(line.endswith(" wrong answers pass.") for line in lines)
    assert "  sign-flipped: an answer of the wrong sign (error 200%)" in lines
    assert "100% of the right values are at most 5, the absolute tolerance." in done.stdout
    assert "rtol=50 accepts an error of 5000% whatever atol is, so it is lowered." in done.stdout
    assert "a sum in place of the mean: " in done.stdout
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 60


def test_a_strict_bound_lets_nothing_pass(script: Run) -> None:
    done = script("audit", "--close", "atol=1e-8,rtol=2e-7", *SMALL, "--seeds", "2")
    assert done.returncode == 0, done.stderr
    assert "None of " in done.stdout
    assert "What to change" not in done.stdout


def test_where_a_right_answer_is_refused_the_refused_ones_may_be_right(script: Run) -> None:
    done = script("audit", "--close", "ulps:0", *SMALL)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "So some of the answers that it refuses may be right." in words


def test_the_report_holds_what_json_prints(script: Run, tmp_path: Path) -> None:
    done = script("audit", "--close", "assert_close", *SMALL, "--report", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "audit.json",
        "index.html",
        "report.md",
    }
    written = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert json.loads(done.stdout) == written
    assert written["command"].startswith("gradcert audit --close assert_close --rows 16")


def test_a_function_of_your_own_compares(script: Run, tmp_path: Path) -> None:
    (tmp_path / "near.py").write_text(
        "import numpy as np\n"
        "def near(got, want):\n"
        "    print('compared')\n"
        "    np.testing.assert_allclose(got, want, rtol=1e-2)\n"
    )
    done = script("audit", "--close", "near.py:near", *SMALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("near.py:near(got, want)\n")
    assert "compared" not in done.stdout
    assert "times-1.001" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to audit; give --close atol=1e-2,rtol=1e-2, or the command pytest"),
        (("--close", "near"), "'near' is no comparison; expected atol=X"),
        (("--close", "norm:"), "'norm:' is no comparison"),
        (("--close", "missing.py:near"), "missing.py"),
        (("--close", "numpy:pi"), "'numpy:pi' is no function; expected a function of (got, want)"),
        (("--close", "allclose", "--quantity", "gradient"), "unknown quantity 'gradient'"),
        (("--close", "allclose", "--format", "fp8"), "unknown format 'fp8'"),
        (("--close", "allclose", "--level", "best"), "unknown level 'best'"),
        (("--close", "allclose", "--logits", "cauchy"), "'cauchy' is no distribution"),
        (("--close", "allclose", "--loss", "smooth=1"), "smooth"),
        (("--close", "allclose", "--ignored", "0.5"), "the loss has no ignore_index"),
        (
            ("--close", "allclose", "--rows", "4096", "--classes", "100000000000"),
            "GiB are free; give fewer --rows or --classes",
        ),
        (
            ("--close", "numpy:allclose", "--rows", "1000000", "--classes", "1000000"),
            "GiB are free; give fewer --rows or --classes",
        ),
        (
            ("--close", "allclose", "--ignored", "1", "--loss", "ignore_index=-100"),
            "every row is ignored",
        ),
        (
            ("--close", "allclose", "--rows", "2", "--classes", "3", "--logits", "normal:1e300"),
            "the logits that are drawn are not finite in binary32; give smaller numbers",
        ),
        (
            ("--close", "allclose", "--rows", "2", "--classes", "3", "--loss", "multiplier=1e300"),
            "some right values are beyond the range of binary32",
        ),
        (("--close", "allclose", "pytest", "--replace", "kernels:gradient"), "give one of them"),
        (("--report", "x", "pytest", "--replace", "kernels:gradient"), "--report stands before"),
    ],
)
def test_what_cannot_be_audited_is_one_line_and_status_2(
    arguments: tuple[str, ...], message: str, script: Run
) -> None:
    done = script("audit", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradcert: ")
    assert message in line
