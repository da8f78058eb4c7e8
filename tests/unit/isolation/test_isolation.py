"""Nothing a subject does hurts the run: each hurt is a verdict, and the run goes on."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from subjects import CHECKS_OF_GRADIENT, OF_GRADIENT, RIGHT_SOURCE

import gradcert
from gradcert import Certificate, Limits
from gradcert.core.failures import Unreachable
from gradcert.isolation.subject import isolate, load_isolated
from gradcert_implementations import (
    LevelName,
    Options,
    SpecError,
    Strides,
)
from gradcert_reports import read

SCRIPT = Path(sys.executable).with_name("gradcert")

HOSTILE = f"""
import ctypes, os, sys, time
{RIGHT_SOURCE}
def hangs(logits, targets):
    if not len(logits):
        time.sleep(1000)
    return right(logits, targets)

def crashes(logits, targets):
    if not len(logits):
        ctypes.string_at(0)
    return right(logits, targets)

def exits(logits, targets):
    if not len(logits):
        print("out of registers", file=sys.stderr, flush=True)
        os._exit(3)
    return right(logits, targets)

def devours(logits, targets):
    if not len(logits):
        np.ones(1 << 31)
    return right(logits, targets)

def interrupts(logits, targets):
    if not len(logits):
        raise KeyboardInterrupt
    return right(logits, targets)

def prints(logits, targets):
    print("debug")
    return right(logits, targets)

def waits(logits, targets):
    raise ValueError(os.environ["OMP_WAIT_POLICY"])

def flipped_and_crashing(logits, targets):
    if not len(logits):
        ctypes.string_at(0)
    return -right(logits, targets)

def crashes_at_eight(logits, targets):
    if logits.shape[1] == 8:
        ctypes.string_at(0)
    return right(logits, targets)

def hangs_at_large_numbers(logits, targets):
    if logits.size and logits.max() > 30:
        time.sleep(1000)
    return right(logits, targets)

def says_where(logits, targets):
    with open(os.environ["SEEN"], "a") as seen:
        print(os.getpid(), file=seen)
    return right(logits, targets)

from gradcert import Domain, Implementation, Loss
declared = Implementation(
    name="declared",
    functions={{"dE/dz": right}},
    formats=("binary32",),
    at_least="log-sum-exp",
    compiles_per_shape=True,
    strides="none",
)
ignoring = Implementation(
    name="ignoring",
    functions={{"dE/dz": right}},
    formats=("binary32",),
    loss=Loss(ignore_index=-100),
    domain=Domain(targets="index", ignored_rows_may_hold_anything=True),
)

def loaded(logits, targets):
    return right(logits, targets)

def backward(logits, v):
    o = np.exp(logits - logits.max(axis=1, keepdims=True))
    o /= o.sum(axis=1, keepdims=True)
    return o * (v - (o * v).sum(axis=1, keepdims=True))

def product(logits, targets, v):
    return targets.sum(axis=1, keepdims=True) * backward(logits, v)

def crashing_product(logits, targets, v):
    if not len(logits):
        ctypes.string_at(0)
    return product(logits, targets, v)
"""

LIMITS = Limits(seconds=1, gigabytes=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hostile.py").write_text(HOSTILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _certified(name: str, limits: Limits = LIMITS) -> Certificate:
    return gradcert.certify(
        f"hostile.py:{name}", formats=["binary64"], max_examples=5, limits=limits, effort="quick"
    )


@pytest.mark.usefixtures("folder")
def test_threads_do_not_spin_beside_other_processes_unless_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert _certified("waits").results[0].reason == "raised ValueError: PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert _certified("waits").results[0].reason == "raised ValueError: ACTIVE"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hangs", "did not return within 1 s"),
        ("crashes", "ended its process with Segmentation fault"),
        ("exits", "ended its process with exit status 3; it said: out of registers"),
        ("interrupts", "raised KeyboardInterrupt"),
        ("devours", "raised MemoryError: Unable to allocate 16.0 GiB"),
    ],
)
def test_what_ends_a_process_is_the_verdict_of_one_check_and_the_others_run(
    name: str, reason: str
) -> None:
    found = _certified(name)
    verdicts = {result.check: result.verdict for result in found.results}
    assert found.verdict == "broken"
    assert verdicts == dict.fromkeys(CHECKS_OF_GRADIENT, "conforms") | {"empty-batch": "broken"}
    (broken,) = (result for result in found.results if result.verdict == "broken")
    assert broken.reason.startswith(reason)
    assert broken.discrepancy is not None
    assert list(broken.discrepancy.arguments) == ["logits", "targets"]


def _certified_of(name: str, quantity: str) -> Certificate:
    return gradcert.certify(
        f"hostile.py:{name}",
        quantities=[quantity],
        formats=["binary64"],
        max_examples=5,
        limits=LIMITS,
        effort="quick",
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "quantity"), [("backward", "softmax-backward"), ("product", "hvp")]
)
def test_a_function_of_v_conforms_in_a_process_of_its_own(name: str, quantity: str) -> None:
    found = _certified_of(name, quantity)
    assert found.verdict == "conforms", found.refutations


@pytest.mark.usefixtures("folder")
def test_a_function_of_v_that_crashes_is_shown_with_all_its_arguments() -> None:
    found = _certified_of("crashing_product", "hvp")
    (broken,) = (result for result in found.results if result.verdict == "broken")
    assert broken.check == "empty-batch"
    assert broken.discrepancy is not None
    assert list(broken.discrepancy.arguments) == ["logits", "targets", "v"]


@pytest.mark.usefixtures("folder")
def test_a_crash_is_shown_by_a_plain_case_of_its_size_where_one_crashes_too() -> None:
    found = gradcert.certify(
        "hostile.py:crashes_at_eight",
        formats=["binary64"],
        max_examples=60,
        limits=LIMITS,
        effort="quick",
    )
    (broken, *_) = (result for result in found.results if result.verdict == "broken")
    assert broken.discrepancy is not None
    assert broken.discrepancy.arguments == {
        "logits": (("0.0",) * 8,),
        "targets": (("1.0", *["0.0"] * 7),),
    }


@pytest.mark.usefixtures("folder")
def test_a_hang_is_shown_by_the_case_at_which_it_hangs_and_not_by_one_that_was_not_tried() -> None:
    found = _certified("hangs_at_large_numbers", Limits(seconds=0.5))
    hangs = [one for one in found.results if one.reason.startswith("did not return")]
    assert len(hangs) == 2
    for result in hangs:
        assert result.discrepancy is not None
        rows = result.discrepancy.arguments["logits"]
        assert any(float(number) for row in rows for number in row)


@pytest.mark.usefixtures("folder")
def test_where_no_process_can_be_started_that_is_no_verdict_on_the_subject(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = load_isolated("hostile.py:right", LIMITS, Options())

    def refuse(_: Limits) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("gradcert.isolation.connection.Process", refuse)
    with pytest.raises(Unreachable, match="no process can be started for it"):
        gradcert.certify(loaded, max_examples=2, effort="quick")
    with pytest.raises(SpecError, match="does not load: no process can be started for it"):
        _certified("right")


@pytest.mark.usefixtures("folder")
def test_where_this_process_has_no_memory_for_an_answer_that_is_no_verdict_on_the_subject(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = load_isolated("hostile.py:right", LIMITS, Options())

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("gradcert.isolation.blocks.LentBlocks.receive", fail)
    with pytest.raises(Unreachable, match="its process cannot be asked: MemoryError"):
        gradcert.certify(loaded, max_examples=2, effort="quick")


@pytest.mark.usefixtures("folder")
def test_a_refutation_before_a_crash_is_diagnosed_after_it() -> None:
    found = _certified("flipped_and_crashing")
    assert found.verdict == "refuted"
    assert [one.matches[0].flaw for one in found.diagnoses] == ["sign-flipped"]


@pytest.mark.usefixtures("folder")
def test_isolation_changes_nothing_of_what_is_found() -> None:
    isolated = gradcert.certify("diagonal-only", max_examples=20, limits=LIMITS, effort="quick")
    here = gradcert.certify("diagonal-only", max_examples=20, effort="quick")
    assert isolated.results == here.results
    assert isolated.diagnoses == here.diagnoses


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("at_least", "verdict"), [("faithful", "refuted"), (None, "conforms")])
def test_an_isolated_subject_is_examined_for_the_level_that_is_demanded(
    at_least: str | None, verdict: str
) -> None:
    found = gradcert.certify(
        "hostile.py:right",
        formats=["fp32"],
        max_examples=30,
        limits=LIMITS,
        effort="quick",
        at_least=at_least,
    )
    assert (found.verdict, found.at_least) == (verdict, at_least)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("at_least", "verdict"), [("faithful", "refuted"), (None, "conforms")])
def test_an_isolated_subject_claims_its_own_level_and_not_what_its_spec_declares(
    at_least: LevelName | None, verdict: str
) -> None:
    declared = gradcert.load("hostile.py:declared")
    assert declared.at_least == "log-sum-exp"
    found = gradcert.certify(
        replace(declared, at_least=at_least), max_examples=30, limits=LIMITS, effort="quick"
    )
    assert (found.verdict, found.at_least) == (verdict, at_least)


@pytest.mark.usefixtures("folder")
def test_what_its_cases_depend_on_survives_isolation() -> None:
    loaded = load_isolated("hostile.py:declared", LIMITS, Options())
    assert (loaded.compiles_per_shape, loaded.strides) == (True, Strides.NONE)
    kept = isolate(gradcert.load("hostile.py:declared"), LIMITS)
    assert (kept.compiles_per_shape, kept.strides) == (True, Strides.NONE)


@pytest.mark.usefixtures("folder")
def test_what_an_implementation_declares_and_was_taken_back_does_not_keep_it_from_loading() -> None:
    plain = gradcert.load(
        "hostile.py:ignoring",
        loss=["ignore_index=none"],
        domain=["ignored_rows_may_hold_anything=false"],
        targets="probability",
    )
    found = gradcert.certify(plain, max_examples=5, limits=LIMITS, effort="quick")
    assert found.verdict == "conforms"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("strides", Strides)
def test_an_isolated_subject_is_examined_for_its_own_strides_and_not_for_those_of_its_spec(
    strides: Strides,
) -> None:
    declared = replace(gradcert.load("hostile.py:declared"), strides=strides)
    found = gradcert.certify(declared, max_examples=5, limits=LIMITS, effort="quick")
    assert found.verdict == "conforms"
    checks = [result.check for result in found.results]
    assert ("memory-layout" in checks) == (strides is not Strides.NONE)


def test_an_isolated_subject_runs_in_one_process_that_is_not_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEN", str(folder / "seen"))
    assert _certified("says_where").verdict == "conforms"
    processes = set((folder / "seen").read_text().split())
    assert len(processes) == 1
    assert str(os.getpid()) not in processes


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(7)", "does not load: it ended its process with exit status 7"),
        ("import time; time.sleep(1000)", "does not load: it did not return within 10 s"),
        ("import missing_module", "does not import: ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_even_be_imported_is_a_usage_error(
    folder: Path, source: str, reason: str
) -> None:
    (folder / "hostile.py").write_text(source)
    with pytest.raises(SpecError, match=reason):
        _certified("right", Limits(seconds=0.3))


def test_an_object_that_no_other_process_can_load_is_a_usage_error() -> None:
    with pytest.raises(SpecError, match="cannot be loaded by another process"):
        gradcert.certify(lambda logits, _targets: logits, limits=LIMITS)


@pytest.mark.usefixtures("folder")
def test_a_public_function_of_a_module_can_be_isolated_without_a_spec() -> None:
    sys.path.append(str(Path.cwd()))
    try:
        import hostile  # type: ignore[import-not-found]

        found = gradcert.certify(hostile.crashes, max_examples=5, limits=LIMITS, effort="quick")
    finally:
        sys.path.remove(str(Path.cwd()))
        del sys.modules["hostile"]
    assert found.verdict == "broken"


def test_a_process_of_its_own_finds_the_modules_that_this_one_finds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "below").mkdir()
    (folder / "hostile.py").rename(folder / "below" / "reached_by_path.py")
    monkeypatch.syspath_prepend(folder / "below")
    loaded = load_isolated("reached_by_path:right", LIMITS, Options())
    assert loaded.name == "right"


Begun = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begun(folder: Path) -> Iterator[Begun]:
    """Start the command in the folder; what is left of it ends with the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [SCRIPT, *arguments], cwd=folder, stdout=pipe, stderr=pipe, text=True
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def test_the_command_isolates_and_its_limits_are_options(begun: Begun, folder: Path) -> None:
    quick = ("--format", "binary64", "--max-examples", "5", "--quick", "--report", "out")
    process = begun("certify", "hostile.py:hangs", "--time-limit", "1", *quick)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert "empty-batch finds dE/dz in binary64 broken: did not return within 1 s" in out, out
    (certificate,) = read(folder / "out" / "certificate.json").certificates
    assert certificate.complete


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_takes_its_subject_with_it_and_leaves_a_valid_report(
    begun: Begun, folder: Path, number: signal.Signals
) -> None:
    quick = ("--format", "binary64", "--max-examples", "5", "--quick", "--report", "out")
    process = begun("certify", "hostile.py:hangs", "--time-limit", "100", *quick)
    kept = folder / "out" / "certificate.json"

    def hanging() -> bool:
        (certificate,) = read(kept).certificates if kept.exists() else (None,)
        return certificate is not None and len(certificate.results) == OF_GRADIENT - 2

    while not hanging():
        assert process.poll() is None
        time.sleep(0.1)
    (child,) = _children(process.pid)
    process.send_signal(number)
    process.communicate()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()
    (certificate,) = read(kept).certificates
    assert certificate.verdict == "incomplete"
