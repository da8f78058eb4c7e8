"""``gradcert certify``: its exit status, its table, what it prints and the report it writes."""

import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from command_line import FEW, QUICK, SUBJECTS, Run, run, squeezed, timeless, without

from gradcert.api import select_subjects
from gradcert.generation.search import drawn
from gradcert_implementations import BUILT_IN, LOSSES, Options
from gradcert_reports import read

pytestmark = pytest.mark.usefixtures("mine")


@pytest.mark.parametrize(
    ("specs", "status"),
    [
        ("numpy", 0),
        ("mine.py:right", 0),
        ("diagonal-only", 1),
        ("numpy mine.py:flipped", 1),
        ("mine.py:raises", 1),
        ("mine.py:exits", 1),
        ("no-such-subject", 2),
    ],
)
def test_the_exit_status_is_0_for_all_right_1_for_any_wrong_2_for_a_usage_error(
    gradcert: Run, specs: str, status: int
) -> None:
    assert gradcert("certify", *specs.split(), *QUICK).returncode == status


@pytest.mark.parametrize(
    ("specs", "status"), [("mine.py:right", 0), ("numpy mine.py:flipped", 1), ("nothing", 2)]
)
def test_the_process_ends_with_that_status(script: Run, specs: str, status: int) -> None:
    assert script("certify", *specs.split(), *QUICK).returncode == status


def test_without_spec_it_succeeds_because_the_flawed_built_in_is_refuted(script: Run) -> None:
    done = script("certify", *FEW, "--quick")
    table = squeezed(done.stdout)
    assert done.returncode == 0
    for verdict in ("numpy conforms", "torch conforms", "jax conforms", "diagonal-only refuted"):
        assert f"\n{verdict} " in table
    for name in BUILT_IN:
        for loss in LOSSES:
            assert f"{name}, {loss} took " in done.stderr


def test_without_spec_the_built_ins_and_diagonal_only_are_certified() -> None:
    selection = select_subjects([], Options())
    assert [subject.origin for subject in selection.subjects] == [*BUILT_IN, "diagonal-only"]
    assert selection.left_out == {}


def test_a_missing_extra_leaves_its_built_in_out_and_says_so(tmp_path: Path) -> None:
    # No built-in claims a softmax for its losses with options, so three subjects are certified.
    few = ("--quantity", "softmax", "--format", "binary64", "--jobs", "1", "--quick")
    done = run(without("torch", "certify", *few), tmp_path)
    assert done.returncode == 0
    assert "gradcert: left out: 'torch' needs torch" in done.stderr
    assert "\ntorch " not in squeezed(done.stdout)


def test_the_table_never_cuts_a_verdict_short(
    gradcert: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "fused_softmax_cross_entropy_backward_kernel_with_a_very_long_name_indeed"
    source = SUBJECTS + f"\ndef {name}(logits, targets): return flipped(logits, targets)\n"
    (tmp_path / "mine.py").write_text(source)
    monkeypatch.setenv("COLUMNS", "80")
    done = gradcert("certify", f"mine.py:{name}", "numpy", *QUICK)
    table = re.split(r"\n *\n", done.stdout.lstrip())[0]
    assert max(map(len, table.splitlines())) <= 80
    assert " refuted " in table
    assert " conforms " in table
    assert "…" not in table


def test_the_diagonal_only_gradient_is_shown_with_its_minimal_counterexample(
    gradcert: Run,
) -> None:
    shown = squeezed(gradcert("certify", "diagonal-only", *QUICK).stdout)
    assert "implementation verdict level budgets worst seen at reach" in shown
    assert "\ndiagonal-only refuted - " in shown
    assert "\nat logits [0, 0], targets [1, 0]\n" in shown
    assert "\ntrue [-0.5, 0.5]\nreturned [-0.5, 0]\n" in shown
    assert "ulps" in shown
    assert "budgets" in shown


@pytest.mark.parametrize("folder", [".", "it's a folder", 'a "quoted" one'])
def test_the_printed_snippet_shows_the_wrong_values_again_when_pasted(
    gradcert: Run, tmp_path: Path, folder: str
) -> None:
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    (place / "theirs.py").write_text(SUBJECTS)
    printed = gradcert("certify", f"{folder}/theirs.py:flipped", *QUICK).stdout
    start = printed.index("      import gradcert\n")
    lines = printed[start:].splitlines()
    snippet = dedent("\n".join(line for line in lines if line.startswith("      ") or not line))
    again = run([sys.executable, "-c", snippet], tmp_path)
    assert again.stderr == ""
    assert again.stdout == "[[ 0.5 -0.5]]\n"


def test_a_report_is_written_and_reads_back(gradcert: Run, tmp_path: Path) -> None:
    done = gradcert("certify", "numpy", "diagonal-only", *QUICK, "--report", "new/folder")
    report = read(tmp_path / "new" / "folder" / "certificate.json")
    written = (tmp_path / "new" / "folder" / "report.md").read_text()
    assert done.returncode == 1
    assert [(found.name, found.verdict) for found in report.certificates] == [
        ("numpy", "conforms"),
        ("diagonal-only", "refuted"),
    ]
    assert "| 1 (wrong) | 0.0 | 0.5 | 0.0 | 0.0 |" in written


def test_the_same_seed_gives_the_same_certificate_and_another_seed_another(
    gradcert: Run, tmp_path: Path
) -> None:
    runs = {"first": "7", "again": "7", "other": "8"}
    for folder, seed in runs.items():
        drawn.cache_clear()
        gradcert("certify", "numpy", *QUICK, "--quick", "--seed", seed, "--report", folder)
    first, again, other = (
        timeless(read(tmp_path / folder / "certificate.json").certificates[0]) for folder in runs
    )
    assert first == again
    assert first.results != other.results


def test_the_number_of_jobs_changes_no_certificate(script: Run, tmp_path: Path) -> None:
    """All begin in new processes: a stale result may be that of an earlier test."""
    subjects = ("mine.py:right", "diagonal-only", "stale-result", "mine.py:raises")
    for jobs in ("1", "3"):
        done = script("certify", *subjects, *FEW, "--jobs", jobs, "--report", jobs)
        assert done.returncode == 1
    alone, together = (
        [timeless(c) for c in read(tmp_path / jobs / "certificate.json").certificates]
        for jobs in ("1", "3")
    )
    assert [certificate.name for certificate in alone] == ["right", *subjects[1:3], "raises"]
    assert alone == together


def test_a_framework_setting_that_the_first_call_changes_is_refuted(script: Run) -> None:
    done = script("certify", "mine.py:widens", *QUICK)
    assert done.returncode == 1
    assert "no-side-effects refutes dE/dz in binary64: the call changed torch's default" in (
        done.stdout
    )


def test_each_implementation_has_a_line_that_says_what_took_the_time(gradcert: Run) -> None:
    said = gradcert("certify", "mine.py:right", "numpy", *QUICK).stderr
    for name in ("right", "numpy"):
        (line,) = re.findall(rf"^{name} took [\d.]+ s: (.*)$", said, re.MULTILINE)
        shares = dict(share.rsplit(" ", 1) for share in line.split(", "))
        assert shares.keys() == {"oracle", "subject", "Hypothesis", "the rest"}
        assert 97 <= sum(int(share.removesuffix("%")) for share in shares.values()) <= 103
