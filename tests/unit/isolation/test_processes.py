"""Whatever a subject does with its process, the judge waits for no one for ever, and says why."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from subjects import RIGHT_SOURCE

import gradcert
from gradcert import Certificate, Limits

SOURCE = f"""
import ctypes, os, signal, subprocess, sys, threading, time
{RIGHT_SOURCE}

def crash():
    ctypes.string_at(0)

def starts_cat(z, t):
    subprocess.run(["cat"], close_fds=False)

def starts_cat_by_a_shell(z, t):
    os.system("cat")

def reads_standard_input(z, t):
    assert sys.stdin.read() == ""

def closes_standard_input(z, t):
    os.close(0)

def closes_the_standard_streams(z, t):
    os.closerange(0, 3)

def closes_every_pipe(z, t):
    os.closerange(3, 256)

def crashes_after_a_fork(z, t):
    if os.fork() == 0:
        time.sleep(30)
        os._exit(0)
    crash()

def crashes_beside_a_child(z, t):
    subprocess.Popen(["sleep", "30"], close_fds=False)
    crash()

def forks_and_returns_twice(z, t):
    os.fork()

def leaves_a_child_in_a_session_of_its_own(z, t):
    subprocess.Popen(["sleep", "3"], start_new_session=True)

def stops_itself(z, t):
    os.kill(os.getpid(), signal.SIGSTOP)

def ends_itself_by_a_signal(z, t):
    os.kill(os.getpid(), signal.SIGTERM)

def exits_later_from_a_thread(z, t):
    threading.Timer(0.05, os._exit, [0]).start()

class Hangs:
    def __del__(self):
        time.sleep(30)

def has_a_destructor_that_hangs(z, t):
    Hangs()

def writes_much_to_standard_error(z, t):
    print("x" * (1 << 20), file=sys.stderr)

def keeps_the_interpreter(z, t):
    ctypes.PyDLL(None).sleep(30)
"""

CONFORM = (
    "starts_cat",
    "starts_cat_by_a_shell",
    "reads_standard_input",
    "forks_and_returns_twice",
    "leaves_a_child_in_a_session_of_its_own",
    "writes_much_to_standard_error",
)

BROKEN = (
    ("crashes_after_a_fork", "ended its process with Segmentation fault"),
    ("crashes_beside_a_child", "ended its process with Segmentation fault"),
    ("stops_itself", "did not return within 1 s"),
    ("ends_itself_by_a_signal", "ended its process with Terminated"),
    ("has_a_destructor_that_hangs", "did not return within 1 s"),
    ("keeps_the_interpreter", "did not return within 1 s"),
    ("closes_every_pipe", "ended its process with exit status 1"),
)


def _certified(folder: Path, name: str, condition: str, limits: Limits) -> Certificate:
    """Certify a right gradient that calls a function of the source before it answers."""
    (folder / "mine.py").write_text(
        f"{SOURCE}\ncalls = []\ndef gradient(logits, targets):\n    calls.append(1)\n"
        f"    if {condition}:\n        {name}(logits, targets)\n"
        "    return right(logits, targets)\n"
    )
    return gradcert.certify(
        "mine.py:gradient", formats=["binary64"], max_examples=2, effort="quick", limits=limits
    )


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CONFORM)
def test_what_a_subject_does_beside_its_answer_changes_no_verdict(
    name: str, tmp_path: Path
) -> None:
    found = _certified(tmp_path, name, "len(calls) == 1", Limits(seconds=5))
    assert found.verdict == "conforms", [one.reason for one in found.results]


def test_a_subject_that_closes_a_stream_hangs_nothing_and_is_seen(tmp_path: Path) -> None:
    found = _certified(tmp_path, "closes_standard_input", "len(calls) == 1", Limits(seconds=5))
    (refuted,) = found.refutations
    assert refuted.discrepancy is not None
    assert refuted.discrepancy.statement == "the call changed the file of a standard stream"


@pytest.mark.parametrize(("name", "reason"), BROKEN)
def test_an_end_and_a_hang_have_their_true_names_and_the_other_checks_run(
    name: str, reason: str, tmp_path: Path
) -> None:
    found = _certified(tmp_path, name, "not len(logits)", Limits(seconds=1))
    broken = [one for one in found.results if one.verdict != "conforms"]
    assert [one.verdict for one in broken] == ["broken"]
    assert broken[0].reason.startswith(reason)


def test_a_process_that_ends_between_two_calls_is_a_verdict(tmp_path: Path) -> None:
    found = _certified(tmp_path, "exits_later_from_a_thread", "True", Limits(seconds=5))
    reasons = {one.reason for one in found.results if one.verdict == "broken"}
    assert "ended its process with exit status 0" in reasons


def test_a_subject_that_hangs_at_every_call_is_waited_for_twice(tmp_path: Path) -> None:
    began = time.monotonic()
    found = _certified(tmp_path, "time.sleep", "time.sleep(30) is None", Limits(seconds=2))
    taken = time.monotonic() - began
    assert {one.verdict for one in found.results} == {"broken"}
    reasons = [one.reason for one in found.results]
    assert reasons.count("did not return within 2 s") == 1
    assert reasons.count("was not called again: 2 calls did not return within 2 s") == (
        len(reasons) - 1
    )
    assert sum(one.discrepancy is not None for one in found.results) == 1
    assert taken < 2 * len(reasons)


DRIVER = """
import gradcert
print(gradcert.certify("mine.py:right", formats=["binary64"], max_examples=2, effort="quick",
    limits=gradcert.Limits()).verdict, file=open("verdict", "w"))
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_of_the_judge_change_no_verdict(
    closed: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    (tmp_path / "driver.py").write_text(DRIVER)
    subprocess.run(f"{sys.executable} driver.py {closed}", shell=True, check=True, timeout=100)
    assert (tmp_path / "verdict").read_text() == "conforms\n"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="it reads /proc")
def test_pipes_and_processes_do_not_pile_up(tmp_path: Path) -> None:
    def held() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    _certified(tmp_path, "crash", "not len(logits)", Limits(seconds=5))
    before = held()
    for _ in range(3):
        _certified(tmp_path, "crash", "not len(logits)", Limits(seconds=5))
    assert held() == before


def _descendants(process: int) -> set[int]:
    """Return the processes that a process has started, and those that these have started."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | _descendants(child)
    return found


def _alive(processes: set[int]) -> set[int]:
    return {one for one in processes if Path(f"/proc/{one}").exists()}


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.parametrize("jobs", [["--isolate"], ["--jobs", "2"]], ids=" ".join)
@pytest.mark.parametrize("hangs", ["sleeps", "keeps_the_lock"])
def test_no_process_outlives_a_judge_that_is_killed(
    hangs: str, jobs: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        f"{SOURCE}\ndef sleeps(z, t):\n    open('begun', 'w').close(); time.sleep(60)\n"
        "def keeps_the_lock(z, t):\n    open('begun', 'w').close(); ctypes.PyDLL(None).sleep(60)\n"
    )
    subjects = [f"mine.py:{hangs}"] * (1 + ("--jobs" in jobs))
    script = Path(sys.executable).with_name("gradcert")
    judge = subprocess.Popen([script, "certify", *subjects, *jobs, "--time-limit", "60"])
    try:
        while not (tmp_path / "begun").exists():
            assert judge.poll() is None
            time.sleep(0.05)
        started = _descendants(judge.pid)
    finally:
        judge.kill()
        judge.wait()
    assert started
    deadline = time.monotonic() + 20
    while _alive(started) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(started)
