"""A time limit from outside ends an examination; what the subject raises itself is its answer."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import strategies
from subjects import Gradient, case_of, claim_of, right

from gradcert import certify
from gradcert.core.claim import Broken
from gradcert.core.interruption import Interrupted, interruptible
from gradcert.generation.search import search
from gradcert_implementations import Array

CASE = case_of([[0.5, -np.inf], [1.0, 2.0]], [[1.0, 0.0], [0.25, 0.75]])


class TimeIsUp(BaseException):
    pass


@pytest.fixture
def limit() -> Iterator[None]:
    """Let an alarm raise an error, as pytest-timeout does."""

    def ring(*_: object) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.signal(signal.SIGALRM, before)


def hang() -> None:
    """Hang until the limit is over, and again afterwards."""
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(60)


def hanging(z: Array, t: Array) -> Array:
    if z.shape[1] == 3:
        hang()
    return right(z, t)


def wrong_and_then_hanging() -> Gradient:
    calls = iter(range(50))

    def function(z: Array, t: Array) -> Array:
        if next(calls, None) is None:
            hang()
        return -right(z, t)

    return function


def catching(z: Array, t: Array) -> Array:
    with suppress(BaseException):
        hang()
    return right(z, t)


def translating(z: Array, t: Array) -> Array:
    try:
        hang()
    except BaseException as error:
        raise RuntimeError("the kernel failed") from error
    return right(z, t)


@pytest.mark.parametrize("subject", [hanging, wrong_and_then_hanging(), catching, translating])
@pytest.mark.usefixtures("limit")
def test_a_time_limit_of_the_caller_ends_a_subject_that_hangs(subject: Gradient) -> None:
    with pytest.raises(TimeIsUp) as ended:
        certify(subject, formats=["binary32"], max_examples=20, effort="quick")
    assert __file__ in "".join(ended.value.__notes__)


@pytest.mark.usefixtures("limit")
def test_a_limit_that_is_over_while_hypothesis_draws_is_no_failure_of_the_test() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    strategy = strategies.integers().map(lambda number: time.sleep(0.01) or number)
    with pytest.raises(TimeIsUp), interruptible():
        search(lambda _: None, strategy, count=1000, seed="0")


@pytest.mark.usefixtures("limit")
def test_blocks_may_be_nested() -> None:
    with pytest.raises(TimeIsUp), interruptible(), interruptible():
        hang()
    with interruptible():
        claim_of(right).answer(CASE)


@pytest.mark.usefixtures("limit")
def test_the_handlers_of_signals_are_those_of_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with interruptible():
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_alarm_of_the_subject_itself_is_its_answer() -> None:
    def ring(*_: object) -> None:
        raise TimeoutError("too slow")

    def impatient(z: Array, t: Array) -> Array:
        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        try:
            time.sleep(60)
        finally:
            signal.signal(signal.SIGALRM, before)
        return right(z, t)

    with pytest.raises(Broken, match="raised TimeoutError: too slow"), interruptible():
        claim_of(impatient).answer(CASE)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (pytest.fail.Exception("no"), "raised Failed: no"),
        (pytest.skip.Exception("no"), "raised Skipped: no"),
        (pytest.exit.Exception("no"), "raised Exit: no"),
        (SystemExit(0), "raised SystemExit: 0"),
        (GeneratorExit(), "raised GeneratorExit"),
        (TimeIsUp(), "raised TimeIsUp"),
    ],
)
def test_what_a_subject_raises_itself_is_its_answer(error: BaseException, shown: str) -> None:
    def raising(*_: Array) -> Array:
        raise error

    with pytest.raises(Broken, match=shown), interruptible():
        claim_of(raising).answer(CASE)


def test_a_call_does_not_swallow_an_interruption() -> None:
    def interrupted(*_: Array) -> Array:
        raise Interrupted

    with pytest.raises(Interrupted):
        claim_of(interrupted).answer(CASE)


def test_in_another_thread_it_does_nothing() -> None:
    found = []

    def run() -> None:
        with interruptible():
            found.append(claim_of(right).answer(CASE))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(found) == 1
