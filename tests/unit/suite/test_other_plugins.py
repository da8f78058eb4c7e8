"""Another project's pytest does not notice gradcert, and its plugins change no verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from subjects import OF_GRADIENT, RIGHT_SOURCE

from gradcert_reports import read

PROJECT = {
    "pytest.ini": "[pytest]\naddopts = -W error --strict-markers --strict-config\n",
    "conftest.py": """
import pytest

def pytest_addoption(parser):
    for name in ("format", "quantity", "targets", "implementation", "report", "isolate", "seed"):
        parser.addoption(f"--{name}", default="theirs")

def pytest_configure(config):
    config.addinivalue_line("markers", "gradcert: theirs")

@pytest.fixture
def gradcert():
    return "theirs"
""",
    "tests/test_theirs.py": """
import json, os, signal, sys, warnings
from pathlib import Path
import pytest
import implementations, oracle, reports

@pytest.mark.gradcert
def test_theirs(gradcert, request):
    assert gradcert == request.config.getoption("--report") == "theirs"
    heavy = "numpy hypothesis flint torch jax rich typer msgspec matplotlib jinja2"
    state = {
        "packages": [oracle.__file__, implementations.__file__, reports.__file__],
        "path": sys.path,
        "filters": repr(warnings.filters),
        "handlers": [repr(signal.getsignal(one)).split(" at ")[0] for one in signal.Signals],
        "environment": sorted(os.environ),
        "heavy": sorted(set(heavy.split()) & set(sys.modules)),
        "files": sorted(os.listdir()),
    }
    Path(os.environ["STATE"]).write_text(json.dumps(state))
""",
}

SUBJECTS = f"""
import time
{RIGHT_SOURCE}
calls = iter([7])

def garbage_once(logits, targets):
    return right(logits, targets) + next(calls, 0)

def hanging(logits, targets):
    while np.isnan(logits).any():
        time.sleep(0.01)
    return right(logits, targets)
"""

REVERSED = "def pytest_collection_modifyitems(items):\n    items.reverse()\n"

TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    runtestprotocol(item, nextitem=nextitem, log=False)
"""


def _pytest(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    off = ("-p", "no:cacheprovider", "-p", "no:randomly")
    command = [sys.executable, "-m", "pytest", *off, *arguments]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _suite(
    folder: Path, subject: str, *arguments: str, conftest: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run the suite quickly on one subject, with a report."""
    (folder / "mine.py").write_text(SUBJECTS)
    (folder / "conftest.py").write_text(conftest)
    subject = f"--gradcert=mine.py:{subject}"
    few = ("--gradcert-format=fp32", "--gradcert-max-examples=5", "--gradcert-quick")
    return _pytest(
        folder, "--pyargs", "gradcert", subject, *few, "--gradcert-report=out", *arguments
    )


@pytest.mark.parametrize("arguments", [(), ("--import-mode=importlib", "--format=theirs")])
def test_a_project_that_does_not_use_it_is_as_if_it_were_not_installed(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project = tmp_path / "project"
    for package in ("tests", "reports", "oracle", "implementations"):
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").touch()
    for name, text in PROJECT.items():
        (project / name).write_text(text)
    states, lines = [], []
    for number, loaded in enumerate([("-p", "gradcert"), ()]):
        state = tmp_path / str(number)
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "STATE": str(state)}
        done = _pytest(project, *loaded, *arguments, **alone)
        assert done.returncode == 0, done.stdout + done.stderr
        states.append(json.loads(state.read_text()))
        lines.append([line for line in done.stdout.splitlines() if "gradcert" in line])
    assert states[0] == states[1]
    assert states[0]["heavy"] == []
    assert [line.startswith("plugins: ") for line in lines[0]] == [True]


def test_the_suite_without_its_plugin_says_how_to_load_it(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "--pyargs", "gradcert", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "the suite needs its plugin, which is off: add -p gradcert" in done.stdout


def test_the_first_calls_are_judged_in_whatever_order_the_tests_run(tmp_path: Path) -> None:
    done = _suite(tmp_path, "garbage_once", conftest=REVERSED)
    assert done.returncode == 1
    assert f"1 failed, {OF_GRADIENT - 1} passed" in done.stdout
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert [(one.check, one.verdict) for one in found.refutations] == [("first-call", "refuted")]


def test_a_fault_stands_when_its_test_is_run_again(tmp_path: Path) -> None:
    done = _suite(tmp_path, "garbage_once", conftest=TWICE)
    assert done.returncode == 1
    assert f"1 failed, {OF_GRADIENT - 1} passed" in done.stdout
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (found.verdict, found.complete) == ("refuted", True)


LIMITED = ("-k", "nan-stays or empty-batch", "--timeout=8")


@pytest.mark.parametrize("isolate", [(), ("--gradcert-isolate",)])
def test_a_time_limit_of_pytest_ends_a_hanging_test_and_the_others_run(
    tmp_path: Path, isolate: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_timeout")
    done = _suite(tmp_path, "hanging", *LIMITED, "--timeout-method=signal", *isolate)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "Timeout (>8.0s) from pytest-timeout.\nin " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert (found.verdict, len(found.results)) == ("incomplete", 1)


def test_a_time_limit_that_ends_pytest_leaves_no_report_that_conforms(tmp_path: Path) -> None:
    pytest.importorskip("pytest_timeout")
    done = _suite(tmp_path, "hanging", *LIMITED, "--timeout-method=thread")
    assert done.returncode == 1
    (found,) = read(tmp_path / "out" / "certificate.json").certificates
    assert found.verdict == "incomplete"
