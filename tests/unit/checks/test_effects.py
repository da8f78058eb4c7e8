"""A call that leaves a setting of its process changed is refuted, and changes no other verdict."""

import signal

import numpy as np
import pytest
from subjects import BY_ID, Gradient, case_of, claim_of, right
from traces import TRACES

from gradcert import certify
from gradcert.core.evidence import Refuted
from gradcert.core.settings import Effort, SearchSettings
from gradcert.core.state.process_state import State, put_back, read
from gradcert.core.task import Task
from gradcert.engine.examiner import Examiner
from gradcert_implementations import Array, Options, as_implementation
from gradcert_reports import CheckResult, Verdict

BY_NAME = pytest.mark.parametrize("name", TRACES)


def leaving(name: str) -> Gradient:
    """Return a right gradient that leaves a setting changed."""

    def gradient(z: Array, t: Array) -> Array:
        found = right(z, t)
        TRACES[name]()
        return found

    return gradient


def _changes(before: State) -> set[str]:
    """Return what has changed. A check puts the generators back to where nobody had looked."""
    return set(put_back(before)) - {"numpy's random state", "Python's random state"}


@pytest.fixture(autouse=True)
def frameworks() -> None:
    for name in ("torch", "jax"):
        pytest.importorskip(name)


@BY_NAME
def test_what_a_call_leaves_changed_is_named_and_put_back(name: str) -> None:
    before = read()
    for check_id in ("no-side-effects", "first-call"):
        with pytest.raises(Refuted) as caught:
            BY_ID[check_id].run(claim_of(leaving(name)), case_of([[0, 0]], [[1, 0]]))
        assert caught.value.evidence.statement == f"the call changed {name}"
        assert len(caught.value.evidence.shown_by) == 3
    assert _changes(before) == set()


def examined(gradient: Gradient) -> CheckResult:
    subject = as_implementation(gradient, Options(quantities=["dE/dz"], formats=["binary64"]))
    settings = SearchSettings(max_examples=2, seed=0, effort=Effort.QUICK)
    return Examiner(subject, settings).check(Task("accuracy", "dE/dz", "binary64"))


@BY_NAME
def test_what_another_check_does_not_see_changes_neither_its_verdict_nor_the_next(
    name: str,
) -> None:
    alone = examined(right)
    before = read()
    assert examined(leaving(name)).verdict == Verdict.CONFORMS
    assert _changes(before) == set()
    assert examined(right) == alone


def test_a_right_gradient_leaves_nothing_changed() -> None:
    BY_ID["no-side-effects"].run(claim_of(right), case_of([[0, 0]], [[1, 0]]))


def flattening(z: Array, t: Array) -> Array:
    found = right(z, t)
    z.shape = (-1,)
    return found


def flattening_its_targets(z: Array, t: Array) -> Array:
    found = right(z, t)
    t.shape = (-1,)
    return found


def locking(z: Array, t: Array) -> Array:
    z.flags.writeable = False
    return right(z, t)


def taking_for_integers(z: Array, t: Array) -> Array:
    found = right(z, t)
    z.dtype = np.int64  # type: ignore[misc]
    return found


@pytest.mark.parametrize(
    ("gradient", "changed"),
    [
        (flattening, "logits: the shape"),
        (flattening_its_targets, "targets: the shape"),
        (locking, "logits: the flag writeable"),
        (taking_for_integers, "logits: the dtype"),
    ],
)
def test_a_changed_shape_or_flag_of_an_argument_is_a_changed_argument(
    gradient: Gradient, changed: str
) -> None:
    found = certify(gradient, quantities=["dE/dz"], formats=["binary64"], max_examples=5)
    verdicts = {result.check: result for result in found.results}
    refuted = verdicts.pop("inputs-unchanged")
    assert refuted.discrepancy is not None
    assert refuted.discrepancy.statement == f"the call changed its {changed} is another one"
    verdicts.pop("memory-layout")  # numpy refuses the new shape of some of its arrays.
    assert {result.verdict for result in verdicts.values()} == {Verdict.CONFORMS}


def timing_itself(z: Array, t: Array) -> Array:
    found = right(z, t)
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0.001)
    return found


def test_a_timer_that_is_left_running_ends_no_check() -> None:
    assert examined(timing_itself) == examined(right)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


@pytest.mark.parametrize("name", ["the umask", "the alarm or another timer", "torch's grad mode"])
def test_a_change_that_an_unwatched_call_made_before_is_seen_again(name: str) -> None:
    found = certify(leaving(name), quantities=["dE/dz"], formats=["binary64"], max_examples=5)
    (diagnosis,) = found.diagnoses
    assert diagnosis.matches == ()
    assert diagnosis.findings[0] == f"the call changed {name} (no-side-effects)"
