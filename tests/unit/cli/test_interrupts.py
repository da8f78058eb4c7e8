"""A run that is interrupted ends soon, and its report has what it found."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from command_line import FEW, QUICK, SCRIPT, Run
from typer.testing import CliRunner

import gradcert
from gradcert.api import select_subjects
from gradcert.cli import interrupts, main
from gradcert.cli.interrupts import Budget
from gradcert.cli.running import certified
from gradcert.cli.statuses import Status
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.certification import certifying
from gradcert_implementations import Options, load
from gradcert_reports import Certificate, Report, read

pytestmark = pytest.mark.usefixtures("mine")


def test_an_interrupt_while_the_first_page_is_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    runner = CliRunner()
    quick = ["certify", "numpy", *QUICK, "--quick", "--report", str(out)]
    assert runner.invoke(main, quick).exit_code == 0
    planned = read(out / "certificate.json").certificates[0].planned

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcert_reports.write", interrupted)
    done = runner.invoke(main, quick)
    assert done.exit_code == 130
    assert done.stderr.strip() == f"interrupted: 0 of {planned} checks ran"
    assert [path.name for path in out.iterdir()] == ["certificate.json"]
    assert read(out / "certificate.json").certificates[0].verdict == "incomplete"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_cut_short_keeps_what_it_found_in_a_report_marked_incomplete(
    script: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("SIGNAL", str(int(number)))
    subjects = ("mine.py:signalled", "mine.py:right")
    done = script("certify", *subjects, *QUICK, "--quick", "--report", "cut")
    report = read(tmp_path / "cut" / "certificate.json")
    found, untouched = report.certificates
    assert not report.complete
    assert (found.verdict, untouched.verdict) == ("refuted", "incomplete")
    assert len(found.results) == found.planned - 1
    assert found.leading[0].check == "accuracy"
    if number == signal.SIGKILL:
        assert done.returncode == -signal.SIGKILL
        assert script("render", "cut/certificate.json").returncode == 0
    else:
        assert done.returncode == 130
        assert f"interrupted: {len(found.results)} of {2 * found.planned} checks ran" in done.stderr
    for page in ("index.html", "report.md", "junit.xml"):
        assert "incomplete" in (tmp_path / "cut" / page).read_text().lower()


def _interrupted(
    folder: Path, number: signal.Signals, ready: Callable[[Certificate], bool], *arguments: str
) -> tuple[int, str, Report]:
    """Interrupt a run when each certificate is ready.

    Return its exit status, what it said on standard error, and the report that it kept.
    """
    running = subprocess.Popen(
        [str(SCRIPT), "certify", *arguments, "--jobs", "2", "--report", "cut"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    kept = folder / "cut" / "certificate.json"
    while running.poll() is None and not (
        kept.exists() and all(map(ready, read(kept).certificates))
    ):
        time.sleep(0.05)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    return running.returncode, said, read(kept)


def test_an_interrupt_ends_several_jobs_and_keeps_what_each_found(tmp_path: Path) -> None:
    subjects = ("mine.py:right", "numpy")
    status, said, report = _interrupted(
        tmp_path, signal.SIGINT, lambda found: bool(found.results), *subjects, *FEW
    )
    assert status == 130
    assert not report.complete
    assert all(found.results for found in report.certificates)
    assert "checks ran" in said.splitlines()[-1]
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_of_several_jobs_does_not_wait_for_one_that_hangs(
    tmp_path: Path, number: signal.Signals
) -> None:
    subjects = ("mine.py:hangs", "mine.py:right")
    status, said, report = _interrupted(
        tmp_path, number, lambda found: len(found.results) >= found.planned - 1, *subjects, *FEW
    )
    hanging, right = report.certificates
    assert status == 130
    assert (hanging.verdict, len(hanging.results)) == ("incomplete", hanging.planned - 1)
    ran = len(hanging.results) + len(right.results)
    assert said.splitlines()[-1] == f"interrupted: {ran} of {2 * right.planned} checks ran"
    assert "Traceback" not in said


SETTINGS = SearchSettings(max_examples=2, seed=0, effort=Effort.QUICK)


@pytest.mark.parametrize(("wrong", "status"), [(True, Status.WRONG), (False, Status.INCOMPLETE)])
def test_the_status_of_a_run_that_only_its_time_budget_can_end_says_whether_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, *, wrong: bool, status: Status
) -> None:
    ended = Queue[Status]()
    monkeypatch.setattr(interrupts, "_GRACE", 0.01)
    monkeypatch.setattr(interrupts, "_stop_main", lambda: None)
    monkeypatch.setattr(interrupts, "_end_process", ended.put)
    budget = Budget(0.5)
    budget.wrong = wrong
    assert ended.get(timeout=60) == status


@pytest.mark.parametrize(("spec", "wrong"), [("numpy", False), ("sign-flipped", True)])
def test_a_time_budget_knows_whether_a_check_has_found_something_wrong(
    spec: str, *, wrong: bool
) -> None:
    budget = Budget(None)
    subject = load(spec, quantities=["dE/dz"], formats=["binary64"])
    certified({subject: SETTINGS}, directory=None, budget=budget, quiet=True)
    assert budget.wrong is wrong


def test_what_is_wrong_on_purpose_is_nothing_wrong_where_the_time_is_used_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numpy = select_subjects(["numpy"], Options(quantities=["dE/dz"], formats=["binary64"]))
    found = (
        gradcert.certify("sign-flipped", formats=["fp64"], max_examples=2, effort="quick"),
        next(certifying(numpy.all[0], SETTINGS)),
    )

    def cut_short(_: Any, *, budget: Budget, **__: Any) -> Report:
        budget.used_up = True
        return Report(certificates=found)

    monkeypatch.setattr("gradcert.api.select_subjects", lambda *_, **__: numpy)
    monkeypatch.setattr("gradcert.cli.certify.certified", cut_short)
    done = CliRunner().invoke(main, ["certify", "--quiet", "--time-budget", "600"])
    assert done.exit_code == Status.INCOMPLETE
    assert "the time budget is used up: " in done.stderr
