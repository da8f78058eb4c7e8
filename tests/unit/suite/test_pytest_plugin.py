"""The suite under pytest in somebody else's folder, which has a ``tests`` and a ``reports`` too."""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from subjects import OF_GRADIENT, RIGHT_SOURCE

from gradcert import plugin
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.coverage import coverage_of
from gradcert.suite import test_conformance as conformance
from gradcert_implementations import BUILT_IN, LOSSES, Domain, Loss, load, recorded
from gradcert_reports import Report, read

SUBJECTS = f"""
import hashlib
import os
import signal
{RIGHT_SOURCE}
def flipped(logits, targets):
    return -right(logits, targets)

def killed(logits, targets):
    if np.isnan(logits).any():
        os.kill(os.getpid(), signal.SIGKILL)
    return right(logits, targets)

def interrupted(logits, targets):
    if np.isnan(logits).any():
        os.kill(os.getpid(), signal.SIGINT)
    return right(logits, targets)

def recording(logits, targets):
    with open(os.environ["CASES"], "a") as seen:
        print(hashlib.sha256(logits.tobytes() + targets.tobytes()).hexdigest(), file=seen)
    return right(logits, targets)
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _run(command: list[str], folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def suite_of_any_effort(tmp_path: Path) -> Run:
    """Run the conformance suite in a folder whose own tests fail if they are run."""
    (tmp_path / "mine.py").write_text(SUBJECTS)
    for package in ("tests", "reports"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "test_own.py").write_text("def test_own(): assert False")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "gradcert"]
    few = ("--gradcert-format", "binary64", "--gradcert-max-examples", "5")
    return lambda *arguments, **variables: _run([*command, *few, *arguments], tmp_path, **variables)


@pytest.fixture
def suite(suite_of_any_effort: Run) -> Run:
    """Run the conformance suite, quickly, in that folder."""
    return lambda *arguments, **variables: suite_of_any_effort(
        "--gradcert-quick", *arguments, **variables
    )


def _counts(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what pytest's last line counts, without the time."""
    return done.stdout.splitlines()[-1].strip("= ").rpartition(" in ")[0]


def test_only_the_suite_runs_and_only_on_the_subject_that_was_named(suite: Run) -> None:
    done = suite("--gradcert", "mine.py:right", "-v")
    ran = [line for line in done.stdout.splitlines() if " PASSED" in line]
    assert done.returncode == 0
    assert len(ran) == OF_GRADIENT
    assert all("test_conforms[right-" in line for line in ran)
    assert "FAILED" not in done.stdout


def test_a_subject_without_the_suite_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SUBJECTS)
    done = _run([sys.executable, "-m", "pytest", "--gradcert", "mine.py:right"], tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "add --pyargs gradcert" in done.stderr


def test_a_wrong_subject_fails_with_its_minimal_counterexample_and_no_traceback(
    suite: Run,
) -> None:
    done = suite("--gradcert", "mine.py:flipped", "-k", "accuracy")
    shown = "\n".join(" ".join(line.split()) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert _counts(done).startswith("1 failed")
    assert "accuracy refutes dE/dz in binary64: dE/dz is " in shown
    assert "at logits [0, 0], targets [1, 0]\ntrue [-0.5, 0.5]\nreturned [0.5, -0.5]\n" in shown
    assert "Traceback" not in done.stdout + done.stderr


def test_the_level_and_the_largest_logit_are_options_of_pytest(suite: Run, tmp_path: Path) -> None:
    chosen = ("--gradcert-at-least", "faithful", "--gradcert-largest-logit", "50")
    done = suite("--gradcert", "mine.py:right", *chosen, "--gradcert-report", "out")
    assert done.returncode == 1
    assert "dE/dz is explained by shifted at best; at least faithful is demanded" in done.stdout
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert certificate.at_least == "faithful"
    assert certificate.domain["largest_logit"] == 50.0


def test_options_of_the_loss_and_the_domain_are_options_of_pytest(
    suite: Run, tmp_path: Path
) -> None:
    chosen = ("--gradcert-loss", "class_weights=1,1,1", "--gradcert-domain", "largest_logit=50")
    done = suite("--gradcert", "mine.py:right", *chosen, "--gradcert-report", "out")
    assert done.returncode == 0
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert certificate.loss == recorded(Loss(class_weights=[1, 1, 1]))
    assert certificate.domain == recorded(Domain(largest_logit=50))


@pytest.mark.parametrize(
    ("flags", "effort"),
    [
        ((), "standard"),
        (("--gradcert-quick",), "quick"),
        (("--gradcert-thorough", "-n", "2", "-k", "empty-batch or unchanged"), "thorough"),
    ],
)
def test_the_effort_is_an_option_of_pytest_and_the_report_joins_what_its_tests_covered(
    suite_of_any_effort: Run, tmp_path: Path, flags: tuple[str, ...], effort: str
) -> None:
    few = ("--gradcert-max-examples", "2", "--gradcert-report", "out")
    done = suite_of_any_effort("--gradcert", "mine.py:right", *few, *flags)
    assert done.returncode == 0
    (certificate,) = read(tmp_path / "out" / "certificate.json").certificates
    assert certificate.provenance.effort == effort
    subject = load(f"{tmp_path / 'mine.py'}:right", formats=["binary64"])
    settings = SearchSettings(max_examples=2, seed=0, effort=Effort.named(effort))
    assert certificate.coverage == coverage_of(subject, settings, certificate.results)


@pytest.mark.parametrize(
    ("arguments", "counts"),
    [
        ("-k empty-batch", "1 passed"),
        ("-n 2", f"{OF_GRADIENT} passed"),
        ("--gradcert-format binary32", f"{2 * OF_GRADIENT} passed"),
    ],
)
def test_pytests_own_options_mean_what_they_always_mean(
    suite: Run, arguments: str, counts: str
) -> None:
    done = suite("--gradcert", "mine.py:right", *arguments.split())
    assert done.returncode == 0
    assert counts in _counts(done).split(", ")


def test_junit_xml_holds_one_case_a_check_with_its_verdict(suite: Run, tmp_path: Path) -> None:
    suite("--gradcert", "mine.py:flipped", "--junitxml", "out.xml")
    cases = ElementTree.parse(tmp_path / "out.xml").findall(".//testcase")
    failed = {case.get("name"): case.find("failure") is not None for case in cases}
    assert failed["test_conforms[flipped-accuracy-dE/dz-binary64]"] is True
    assert failed["test_conforms[flipped-inputs-unchanged-dE/dz-binary64]"] is False
    assert sum("test_conforms" in str(name) for name in failed) == OF_GRADIENT


def test_seeds_differ_in_the_cases_they_try_but_not_in_the_verdict(
    suite: Run, tmp_path: Path
) -> None:
    seen = {}
    for name, seed in {"first": "1", "again": "1", "other": "2"}.items():
        done = suite(
            "--gradcert=mine.py:recording",
            f"--hypothesis-seed={seed}",
            CASES=str(tmp_path / name),
        )
        assert done.returncode == 0
        seen[name] = (tmp_path / name).read_text()
    assert seen["first"] == seen["again"]
    assert seen["first"] != seen["other"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("--gradcert nope", "'nope'"),
        ("--gradcert missing.py:f", "missing.py"),
        ("--gradcert mine.py:absent", "'absent'"),
        ("--gradcert mine.py:right --gradcert-quantity dz/dE", "'dz/dE'"),
        ("--gradcert-quantity dz/dE", "'dz/dE'"),
        ("--gradcert-at-least shfted", "did you mean shifted?"),
        ("--gradcert-largest-logit ten", "largest_logit is 'ten'"),
        ("--gradcert-loss label_smothing=0.1", "did you mean label_smoothing?"),
        ("--gradcert-loss softcap=0", "softcap is 0.0; expected a positive finite number"),
        ("--gradcert-domain classes", "'classes' says nothing about the domain; expected NAME="),
        ("--gradcert-quick --gradcert-thorough", "quick or thorough, not both"),
    ],
)
def test_a_selection_of_nothing_is_a_usage_error_in_one_line(
    suite: Run, arguments: str, named: str
) -> None:
    done = suite(*arguments.split())
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line]
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert len(lines) == 1
    assert lines[0].startswith("ERROR: ")
    assert named in lines[0]


def test_the_report_of_an_earlier_run_does_not_stand_for_one_that_ends_before_its_first_test(
    suite: Run, tmp_path: Path
) -> None:
    suite("--gradcert", "mine.py:right", "--gradcert-report", "out", "-k", "accuracy")
    assert (tmp_path / "out" / "index.html").exists()
    suite("--gradcert", "mine.py:right", "--gradcert-report", "out", "-k", "nothing")
    assert list((tmp_path / "out").iterdir()) == []


def test_every_option_of_the_plugin_and_argument_of_the_suite_begins_with_gradcert() -> None:
    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    (group,) = [group for group in parser._groups if group.name == "gradcert"]
    assert len(group.options) > 5
    assert all(option.dest.startswith("gradcert") for option in group.options)
    names = [name for option in group.options for name in option.names()]
    assert all(name.startswith("--gradcert") for name in names)
    for test in (conformance.test_conforms, conformance.test_flaw_is_refuted):
        arguments = set(inspect.signature(test).parameters) - {"pytestconfig", "request"}
        assert arguments
        assert all(name.startswith("gradcert") for name in arguments)


def test_a_project_may_have_options_of_the_names_that_gradcert_has_on_its_command_line(
    suite: Run, tmp_path: Path
) -> None:
    taken = ("--format", "--targets", "--quantity", "--device", "--implementation", "--isolate")
    (tmp_path / "conftest.py").write_text(
        f"def pytest_addoption(parser):\n    for name in {taken}:\n        parser.addoption(name)\n"
    )
    done = suite("--gradcert", "mine.py:right", "--format", "theirs", "-k", "accuracy")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["gradcert", "gradcert.plugin"])
def test_importing_it_loads_nothing_heavy(module: str, tmp_path: Path) -> None:
    heavy = "numpy hypothesis flint torch jax rich typer msgspec matplotlib jinja2"
    code = f"import sys, {module}; print(sorted(set({heavy.split()}) & set(sys.modules)))"
    assert _run([sys.executable, "-c", code], tmp_path).stdout == "[]\n"


def _outcomes(report: Report) -> list[Any]:
    """Return what does not depend on the time."""
    return [
        (
            certificate.name,
            certificate.verdict,
            certificate.provenance.seed,
            certificate.coverage,
            [(found.quantity, found.matches[0].flaw) for found in certificate.diagnoses],
            [
                (result.check, result.quantity, result.format, result.verdict, result.discrepancy)
                for result in certificate.results
            ],
        )
        for certificate in report.certificates
    ]


SPECS = ("mine.py:flipped", "mine.py:right")


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which ``gradcert certify`` wrote the report of the same subjects."""
    folder = tmp_path_factory.mktemp("certified")
    (folder / "mine.py").write_text(SUBJECTS)
    script = str(Path(sys.executable).with_name("gradcert"))
    quick = ("--format", "binary64", "--max-examples", "5", "--jobs", "1", "--report", "report")
    _run([script, "certify", *SPECS, *quick, "--quick"], folder)
    return folder / "report"


@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_report_of_a_pytest_run_is_the_one_that_certify_writes(
    suite: Run, tmp_path: Path, certified: Path, processes: str
) -> None:
    named = [f"--gradcert={spec}" for spec in SPECS]
    done = suite(*named, "-n", processes, "--gradcert-report", "theirs")
    theirs, ours = (
        read(folder / "certificate.json") for folder in (tmp_path / "theirs", certified)
    )
    assert done.returncode == 1
    assert _outcomes(theirs) == _outcomes(ours)
    assert theirs.complete
    assert f"wrote {tmp_path / 'theirs' / 'index.html'}" in done.stdout
    pages = [
        {path.name for path in folder.iterdir()} for folder in (tmp_path / "theirs", certified)
    ]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("spec", "processes", "status"),
    [
        ("mine.py:killed", "2", pytest.ExitCode.TESTS_FAILED),
        ("mine.py:interrupted", "0", pytest.ExitCode.INTERRUPTED),
    ],
)
def test_a_run_that_is_cut_short_leaves_a_report_marked_incomplete(
    suite: Run, tmp_path: Path, spec: str, processes: str, status: int
) -> None:
    done = suite("--gradcert", spec, "-n", processes, "--gradcert-report", "cut")
    report = read(tmp_path / "cut" / "certificate.json")
    (found,) = report.certificates
    assert done.returncode == status
    assert not report.complete
    assert found.verdict == "incomplete"
    assert found.planned == OF_GRADIENT
    assert "accuracy" in {result.check for result in found.results}
    assert "nan-stays-in-its-row" not in {result.check for result in found.results}
    assert "Incomplete" in (tmp_path / "cut" / "report.md").read_text()


def test_a_random_seed_is_the_same_in_every_process_and_in_the_report(
    suite: Run, tmp_path: Path
) -> None:
    reported = set()
    for processes in ("2", "0"):
        run = ("-n", processes, "--hypothesis-seed=random", "--gradcert-report", "it")
        assert suite("--gradcert=mine.py:right", *run).returncode == 0
        (found,) = read(tmp_path / "it" / "certificate.json").certificates
        reported.add(found.provenance.seed)
    assert len(reported) == 2


def test_a_report_that_cannot_be_written_is_a_usage_error_in_one_line(
    suite: Run, tmp_path: Path
) -> None:
    done = suite("--gradcert=mine.py:right", "--gradcert-report", "mine.py")
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if line]
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"cannot write a report to {tmp_path / 'mine.py'}" in line
    assert "choose another --gradcert-report" in line


def test_no_report_is_written_where_no_test_of_the_suite_ran(suite: Run, tmp_path: Path) -> None:
    suite("--gradcert=mine.py:right", "--gradcert-report", "none", "-k", "nothing")
    assert list((tmp_path / "none").iterdir()) == []


def test_without_a_subject_the_built_ins_are_tested_for_losses_with_options_too(suite: Run) -> None:
    done = suite("--collect-only", "-q")
    for name in BUILT_IN:
        assert f"test_conforms[{name}-accuracy-dE/dz-binary64]" in done.stdout
        for loss in LOSSES:
            assert f"test_conforms[{name}, {loss}-accuracy-dE/dz-binary64]" in done.stdout


def test_the_losses_of_one_built_in_have_certificates_of_their_own(
    suite: Run, tmp_path: Path
) -> None:
    (tmp_path / "alone.py").write_text("import sys\nsys.modules.update(torch=None, jax=None)\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    chosen = ("--gradcert-quantity", "loss", "-k", "empty-batch and (softcap or multiplier)")
    done = suite("-p", "alone", *chosen, "--gradcert-report", "out", PYTHONPATH=path)
    assert done.returncode == 0
    certificates = read(tmp_path / "out" / "certificate.json").certificates
    tested = {one.name: one.loss for one in certificates if one.results}
    assert tested == {
        f"numpy, {name}": recorded(LOSSES[name]) for name in ("softcap", "multiplier")
    }
