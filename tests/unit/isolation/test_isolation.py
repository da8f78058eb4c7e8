"""Nothing a subject does hurts the run: each hurt is a verdict, and the run goes on."""

import errno
import os
from pathlib import Path

import pytest
from hostile_subjects import LIMITS, certified
from subjects import CHECKS_OF_GRADIENT

import gradcert
from gradcert import Certificate, Limits
from gradcert.core.failures import Unreachable
from gradcert.isolation.subject import load_isolated
from gradcert_implementations import (
    Options,
    SpecError,
)


@pytest.mark.usefixtures("folder")
def test_threads_do_not_spin_beside_other_processes_unless_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert certified("waits").results[0].reason == "raised ValueError: PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert certified("waits").results[0].reason == "raised ValueError: ACTIVE"


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
    found = certified(name)
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
    found = certified("hangs_at_large_numbers", Limits(seconds=0.5))
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
        certified("right")


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
    found = certified("flipped_and_crashing")
    assert found.verdict == "refuted"
    assert [one.matches[0].flaw for one in found.diagnoses] == ["sign-flipped"]


def test_an_isolated_subject_runs_in_one_process_that_is_not_this_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEN", str(folder / "seen"))
    assert certified("says_where").verdict == "conforms"
    processes = set((folder / "seen").read_text().split())
    assert len(processes) == 1
    assert str(os.getpid()) not in processes
