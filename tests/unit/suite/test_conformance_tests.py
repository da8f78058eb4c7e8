"""``gradcert.conformance_tests``: the suite inside somebody's own test file."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from subjects import CHECKS_OF_GRADIENT, OF_GRADIENT, RIGHT_SOURCE

import gradcert
from gradcert_implementations import load
from gradcert_reports import read

KERNELS = f"""{RIGHT_SOURCE}
def talking(logits, targets):
    print("debug")
    return right(logits, targets)

def single_below(logits, targets):
    if logits.dtype == np.float32:
        return -right(logits, targets)
    return right(logits, targets)

numpy_softmax = "numpy"
"""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a test file that certifies a kernel with some options; return the status and output."""
    (tmp_path / "kernels.py").write_text(KERNELS)

    def running(kernel: str, options: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / "test_mine.py").write_text(
            f"import gradcert, kernels\n"
            f"test_mine = gradcert.conformance_tests(kernels.{kernel}, max_examples=5, "
            f"effort='quick', {options})\n"
        )
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rxs", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode, done.stdout

    return running


def test_a_right_kernel_passes_one_test_per_check_and_format(run: Run) -> None:
    status, out = run("right", "")
    assert status == 0
    assert f"{2 * OF_GRADIENT} passed" in out


def test_a_kernel_worse_than_the_demanded_level_fails_and_says_which_level_it_is(run: Run) -> None:
    status, shown = run("right", 'formats=["fp64"], largest_logit=50, at_least="log-sum-exp"')
    assert (status, f"{OF_GRADIENT} passed" in shown) == (0, True)
    status, shown = run("right", 'formats=["fp64"], largest_logit=50, at_least="faithful"')
    assert status == 1
    assert "dE/dz is explained by shifted at best; at least faithful is demanded" in shown


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_expected_failure_is_one_and_shows_its_reason(run: Run, workers: str) -> None:
    status, out = run(
        "talking",
        "expected_failures={'no-side-effects': 'it is verbose', 'first-call': 'it is verbose'}",
        "-n",
        workers,
    )
    assert status == 0
    assert f"{2 * OF_GRADIENT - 4} passed, 2 xfailed" in out
    assert "it is verbose" in out


def test_an_expected_failure_is_a_failure_where_pytest_runs_those(run: Run) -> None:
    options = "formats=['binary32'], expected_failures={'accuracy': 'a sign'}"
    status, out = run("single_below", options, "-k", "accuracy", "--runxfail")
    assert status == 1
    assert "accuracy refutes dE/dz in binary32" in out
    assert "no expected failure any more" not in out


def test_the_summary_of_a_terminal_of_80_columns_shows_the_wrong_number(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for machine in ("CI", "BUILD_NUMBER"):  # where pytest cuts no line
        monkeypatch.delenv(machine, raising=False)
    status, out = run("single_below", "formats=['binary32']", "-k", "accuracy", "-rf")
    (line,) = (line for line in out.splitlines() if line.startswith("FAILED "))
    assert (status, len(line) <= 80) == (1, True)
    assert re.search(r" - Failed: -?0\.5, not ", line)


def test_an_expected_failure_of_softmax_is_none_of_its_backward(run: Run) -> None:
    softmax = load("numpy", quantities=["softmax", "softmax-backward"])
    with pytest.raises(ValueError, match="names 'accuracy-softmax-back'"):
        gradcert.conformance_tests(softmax, expected_failures={"accuracy-softmax-back": "-"})
    options = "quantities=['softmax', 'softmax-backward'], formats=['fp32'], "
    options += "expected_failures={'accuracy-softmax': 'known'}"
    status, out = run("numpy_softmax", options, "--collect-only", "-q")
    assert (status, "accuracy-softmax-backward-binary32" in out) == (0, True)


def test_two_tests_of_one_kernel_have_a_certificate_each(run: Run, tmp_path: Path) -> None:
    status, out = run(
        "right",
        "formats=['fp32'])\ntest_wide = gradcert.conformance_tests(kernels.right, "
        "max_examples=5, effort='quick', formats=['fp64']",
        "-k",
        "accuracy",
        "--gradcert-report",
        "out",
    )
    assert status == 0, out
    found = read(tmp_path / "out" / "certificate.json").certificates
    assert [one.formats for one in found] == [("binary32",), ("binary64",)]


def test_a_report_that_cannot_be_written_any_more_is_one_line_and_the_other_tests_run(
    run: Run,
) -> None:
    removing = (
        "formats=['fp32'])\nimport os, shutil\n"
        "def test_own(): shutil.rmtree('out'); open('out', 'w').close()\n"
        "test_more = gradcert.conformance_tests(kernels.right, formats=['fp32'], effort='quick'"
    )
    status, out = run("right", removing, "-k", "accuracy or own", "--gradcert-report", "out")
    assert status == 4
    assert "3 passed" in out
    assert "gradcert: cannot write a report to " in out
    assert "INTERNALERROR" not in out


def test_an_expectation_may_be_as_narrow_as_a_test(run: Run) -> None:
    status, out = run(
        "single_below",
        "expected_failures={"
        "'accuracy-dE/dz-binary32': 'a sign', 'many-classes-dE/dz-binary32': 'a sign', "
        "'first-call-dE/dz-binary32': 'a sign'}",
    )
    assert status == 0
    assert f"{2 * OF_GRADIENT - 3} passed, 3 xfailed" in out


def test_the_narrower_of_two_expectations_is_stale_on_its_own(run: Run) -> None:
    broad, narrow = '"accuracy": "issue 12"', '"accuracy-dE/dz-binary64": "issue 13"'
    for entries in ((broad, narrow), (narrow, broad)):
        options = f"expected_failures={{{', '.join(entries)}}}"
        status, out = run("single_below", options, "-k", "accuracy")
        assert status == 1
        assert "1 failed, 1 xfailed" in re.sub(r", \d+ deselected", "", out)
        assert "accuracy-dE/dz-binary64 passes, so it is no expected failure any more" in out


def test_an_expectation_that_is_stale_fails(run: Run) -> None:
    status, out = run("right", "expected_failures={'accuracy': 'it was wrong once'}")
    assert status == 1
    assert "accuracy passes, so it is no expected failure any more (it was wrong once)" in out
    assert "Traceback" not in out


def test_an_unexpected_failure_shows_the_counterexample_and_its_diagnosis(run: Run) -> None:
    status, out = run("single_below", "formats=['binary32']", "-k", "accuracy")
    assert status == 1
    assert "accuracy refutes dE/dz in binary32" in out
    assert "diagnosis of dE/dz: sign-flipped explains" in out


def test_what_a_test_file_certifies_is_in_the_report(run: Run, tmp_path: Path) -> None:
    run("single_below", "formats=['binary32']", "--gradcert-report", "out", "-n", "2")
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (found.name, found.origin) == ("single_below", "kernels:single_below")
    assert (found.verdict, found.complete) == ("refuted", True)
    assert tuple(result.check for result in found.results) == CHECKS_OF_GRADIENT
    assert found.diagnoses[0].matches[0].flaw == "sign-flipped"


def test_the_effort_of_the_tests_is_in_the_report(run: Run, tmp_path: Path) -> None:
    status, _ = run("right", 'formats=["fp64"]', "--gradcert-report", "out")
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (status, found.provenance.effort) == (0, "quick")
    assert found.coverage


def _written(tmp_path: Path, source: str, *arguments: str) -> tuple[int, str]:
    """Run a test file of this source beside the kernels; return the status and the output."""
    (tmp_path / "kernels.py").write_text(KERNELS)
    (tmp_path / "test_mine.py").write_text(f"import gradcert, kernels, pytest\n{source}")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rxs", *arguments]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout


FEW = "max_examples=5, effort='quick', formats=['fp64']"


def test_several_subjects_are_parameters_with_their_names_before_those_of_the_checks(
    tmp_path: Path,
) -> None:
    status, out = _written(
        tmp_path,
        f"test_mine = gradcert.conformance_tests(kernels.right, kernels.talking, {FEW},\n"
        "    expected_failures={'talking-no-side-effects': 'verbose', 'talking-frist': 'no'})",
    )
    assert (status, "'talking-frist'; no test of right and talking is called so" in out) == (
        2,
        True,
    )
    status, out = _written(
        tmp_path,
        f"test_mine = gradcert.conformance_tests(kernels.right, kernels.talking, {FEW},\n"
        "    expected_failures={'talking-no-side-effects': 'verbose', 'talking-first-call': 'no'})",
        "-v",
    )
    assert status == 0
    assert f"{2 * OF_GRADIENT - 2} passed, 2 xfailed" in out
    assert "test_mine[right-accuracy-dE/dz-binary64] PASSED" in out
    assert "test_mine[talking-accuracy-dE/dz-binary64] PASSED" in out


def test_the_seed_of_the_tests_wins_over_that_of_the_run_and_both_are_in_the_report(
    tmp_path: Path,
) -> None:
    run_of = ("--hypothesis-seed", "7", "--gradcert-report", "out", "-k", "accuracy")
    for given, seed in (("seed=3, ", 3), ("", 7)):
        source = f"test_mine = gradcert.conformance_tests(kernels.right, {given}{FEW})"
        assert _written(tmp_path, source, *run_of)[0] == 0
        (found,) = read(tmp_path / "out" / "certificate.json").certificates
        assert found.provenance.seed == seed


def test_marks_select_the_tests_and_limits_end_a_call_that_hangs(tmp_path: Path) -> None:
    with (tmp_path / "hanging.py").open("w") as file:
        file.write("import time\ndef hangs(z, t):\n    time.sleep(60)\n")
    source = (
        "test_mine = gradcert.conformance_tests('hanging.py:hangs', marks=pytest.mark.slow,\n"
        f"    limits=gradcert.Limits(seconds=0.5), {FEW})\n"
        "def test_other(): pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    status, out = _written(tmp_path, source, "-m", "not slow")
    assert (status, f"1 passed, {OF_GRADIENT} deselected" in out) == (0, True)
    status, out = _written(tmp_path, source, "-m", "slow", "-k", "accuracy")
    assert status == 1
    assert "did not return within 0.5 s" in out


def test_the_loss_the_domain_and_the_device_are_those_of_certify(tmp_path: Path) -> None:
    source = (
        "import torch\n"
        "smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction='sum')\n"
        "test_mine = gradcert.conformance_tests(gradcert.from_torch(smooth, device='cpu'),\n"
        f"    loss={{'label_smoothing': 0.1}}, domain={{'largest_logit': 50}}, {FEW})"
    )
    status, out = _written(tmp_path, source, "--gradcert-report", "out", "-k", "accuracy")
    assert status == 0, out
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (found.loss["label_smoothing"], found.domain["largest_logit"]) == (0.1, 50)


def test_two_subjects_of_one_name_are_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="two subjects are called numpy; give one of them another"):
        gradcert.conformance_tests("numpy", "numpy")


def test_no_subject_is_an_error() -> None:
    with pytest.raises(gradcert.SpecError, match="nothing to certify: name an implementation"):
        gradcert.conformance_tests()


def test_an_unknown_effort_is_an_error_that_lists_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown effort 'fast'; choose from quick, standard"):
        gradcert.conformance_tests("numpy", effort="fast")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"marks": "slow"},
            r"marks is 'slow'; expected a mark of pytest, such as pytest.mark.slow",
        ),
        ({"marks": ["slow"]}, r"marks is \['slow'\]; expected a mark of pytest, such as "),
        ({"marks": 3}, r"marks is 3; expected a mark of pytest, such as "),
        (
            {"expected_failures": ["accuracy"]},
            r"expected_failures is \['accuracy'\]; expected a dic",
        ),
        ({"expected_failures": "accuracy"}, r"expected_failures is 'accuracy'; expected a dict "),
        (
            {"expected_failures": {"accuracy": None}},
            r"expected_failures is {'accuracy': None}; exp",
        ),
    ],
    ids=str,
)
def test_marks_and_expectations_of_another_type_are_one_line_with_an_example(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        gradcert.conformance_tests("numpy", **given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("marks", [pytest.mark.skip, [pytest.mark.skip], (pytest.mark.skip,)])
def test_one_mark_or_several_are_on_each_test(marks: Any) -> None:
    test = gradcert.conformance_tests("numpy", marks=marks, formats=["fp64"])
    (parameters,) = test.pytestmark  # type: ignore[attr-defined]
    assert all(tuple(one.marks) == (pytest.mark.skip,) for one in parameters.args[1])


def test_an_expectation_that_names_no_test_is_an_error_that_lists_the_checks() -> None:
    with pytest.raises(ValueError, match=r"expected_failures names 'acuracy'; .* accuracy, "):
        gradcert.conformance_tests("numpy", expected_failures={"acuracy": "a typo"})
