"""What a call leaves changed in its process is seen, named, shown and put back."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from traces import TRACES

from gradcert.core.state import process_state
from gradcert.core.state.process_state import put_back, read, settings, watched_state
from gradcert.core.state.watching import DEFAULT_ERRORS

BY_NAME = pytest.mark.parametrize("name", TRACES)


@pytest.fixture(autouse=True)
def error_mode() -> Iterator[None]:
    """Begin with numpy's defaults, whatever another test has left."""
    with np.errstate(**DEFAULT_ERRORS, under="ignore"):
        yield


@pytest.fixture(autouse=True)
def frameworks() -> None:
    """Load the frameworks first, because a call that loads modules may change some settings."""
    for name in ("torch", "jax"):
        pytest.importorskip(name)


def test_there_is_a_trace_of_every_setting() -> None:
    assert set(TRACES) == {setting.name for setting in settings()}


def _run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@BY_NAME
def test_what_a_block_changes_is_named_and_put_back(name: str) -> None:
    before = read()
    with watched_state() as changes:
        TRACES[name]()
    assert list(changes) == [name]
    assert put_back(before) == {}


@BY_NAME
def test_it_is_named_again_where_it_is_changed_again(name: str) -> None:
    for _ in range(2):
        with watched_state() as changes:
            TRACES[name]()
        assert list(changes) == [name]


@BY_NAME
def test_its_expression_shows_the_change(name: str) -> None:
    (setting,) = (one for one in settings() if one.name == name)
    with watched_state():
        shown = [repr(eval(setting.expression, {"np": np}))]
        TRACES[name]()
        shown.append(repr(eval(setting.expression, {"np": np})))
    assert shown[0] != shown[1]


def test_a_block_that_changes_nothing_has_no_changes() -> None:
    with watched_state() as changes:
        np.exp(np.arange(3.0))
    assert changes == {}


def test_all_that_a_block_changes_is_put_back_also_when_it_raises() -> None:
    before = read()
    seen: list[dict[str, str]] = []

    def failing() -> None:
        with watched_state() as changes:
            seen.append(changes)
            for leave in TRACES.values():
                leave()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert set(seen[0]) == set(TRACES)
    assert put_back(before) == {}


def test_drawing_a_random_number_is_a_change_and_setting_the_old_seed_is_one() -> None:
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    with watched_state() as changes:
        np.random.random()  # noqa: NPY002
        random.gauss()
    assert set(changes) == {"numpy's random state", "Python's random state"}
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    with watched_state() as changes:
        np.random.seed(7)  # noqa: NPY002
        random.seed(7)
    assert set(changes) == {"numpy's random state", "Python's random state"}


def test_another_bit_generator_is_a_change_of_the_random_state() -> None:
    before = np.random.get_bit_generator()  # type: ignore[attr-defined]
    with watched_state() as changes:
        np.random.set_bit_generator(np.random.PCG64(1))  # type: ignore[attr-defined]
    assert set(changes) == {"numpy's random state"}
    assert np.random.get_bit_generator() is before  # type: ignore[attr-defined]


def test_a_random_number_costs_no_number_that_follows() -> None:
    """Code that draws gets other numbers at each call, and a change is put back each time."""
    drawn = []
    for _ in range(3):
        with watched_state():
            drawn.append(random.random())
    assert len(set(drawn)) == 3


LOADING = """
import sys, warnings, os
from gradcert.core.state.process_state import watched_state
with watched_state() as changes:
    import colorsys
    warnings.simplefilter("ignore")
    os.environ["A_LIBRARY"] = "loaded"
    sys.setrecursionlimit(2000)
    os.umask(0)
print(list(changes), os.environ["A_LIBRARY"])
"""


def test_a_call_that_loads_a_module_may_change_what_libraries_change_when_they_are_loaded() -> None:
    done = _run(LOADING)
    assert done.stdout == "['the umask'] loaded\n", done.stderr


FRAMEWORK = """
from gradcert.core.state.process_state import watched_state
with watched_state() as changes:
    import torch
print(list(changes))
with watched_state() as changes:
    torch.set_default_dtype(torch.float64)
print(list(changes), torch.get_default_dtype())
with watched_state() as changes:
    import sys
    del sys.modules["torch"]
    sys.modules["torch"] = object()
print(list(changes))
"""


def test_a_framework_that_a_call_loads_had_its_defaults_before() -> None:
    done = _run(FRAMEWORK)
    assert done.stdout == '[]\n["torch\'s default dtype"] torch.float32\n[]\n', done.stderr


def test_the_module_needs_neither_the_oracle_nor_a_check_nor_a_framework() -> None:
    code = (
        f"import sys, {process_state.__name__}\n"
        "names = {'gradcert.checks', 'gradcert_oracle', 'flint', 'hypothesis', 'torch', 'jax'}\n"
        "print(names & {*sys.modules})"
    )
    done = _run(code)
    assert done.stdout == "set()\n", done.stderr


def test_an_alarm_that_was_set_before_goes_on() -> None:
    went_off = []
    kept = signal.signal(signal.SIGALRM, lambda *_: went_off.append(time.monotonic()))
    try:
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with watched_state() as changes:
            time.sleep(0.1)
        assert changes == {}
        with watched_state() as changes:
            signal.alarm(0)
        assert list(changes) == ["the alarm or another timer"]
        time.sleep(0.3)
        assert went_off[0] - began == pytest.approx(0.3, abs=0.2)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with watched_state() as changes:
            time.sleep(0.1)
        assert changes == {}
        assert len(went_off) == 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def test_a_repeated_timer_is_no_change_while_it_runs() -> None:
    kept = signal.signal(signal.SIGPROF, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
        with watched_state() as changes:
            sum(range(10**6))
        assert changes == {}
        with watched_state() as changes:
            signal.setitimer(signal.ITIMER_PROF, 0)
        assert list(changes) == ["the alarm or another timer"]
        assert signal.getitimer(signal.ITIMER_PROF)[1] == 0.01
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, kept)


def test_variables_that_were_removed_or_changed_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TRACE", "old")
    monkeypatch.setenv("ANOTHER", "old")
    with watched_state() as changes:
        os.environ["A_TRACE"] = "new"
        del os.environ["ANOTHER"]
        os.environ["ADDED"] = "new"
    assert list(changes) == ["the environment"]
    seen = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"A_TRACE=old", "ANOTHER=old"} <= set(seen)
    assert "ADDED=new" not in seen


def test_what_replaces_the_environment_itself_is_put_back() -> None:
    before = os.environ
    with watched_state() as changes:
        os.environ = {}  # type: ignore[assignment]  # noqa: B003
    assert list(changes) == ["the environment"]
    assert os.environ is before


def test_a_folder_that_a_call_deletes_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    kept = Path.cwd()
    os.chdir(folder)
    try:
        with watched_state() as changes:
            folder.rmdir()
        assert list(changes) == ["the working directory"]
        with watched_state() as changes:
            pass
        assert changes == {}
    finally:
        os.chdir(kept)


class Lying:
    """Equal to everything, and not to be looked at."""

    closed = False

    def __eq__(self, _: object) -> bool:
        return True

    __hash__ = object.__hash__


def test_an_object_that_says_it_is_equal_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stdout
    with watched_state() as changes:
        monkeypatch.setattr(sys, "stdout", Lying())
    assert list(changes) == ["sys.stdout"]
    assert sys.stdout is before


CLOSING = """
import os, sys, warnings
from gradcert.core.state.process_state import watched_state
with watched_state():
    {closing}
print("written")
print("noted", file=sys.stderr)
os.write(1, b"below\\n")
"""


@pytest.mark.parametrize(
    "closing",
    [
        "sys.stdout.close(); sys.stderr.close(); sys.stdin.close()",
        "os.close(0); os.close(1); os.close(2)",
        "sys.stdout = sys.stderr = None",
        "sys.stdout.close(); sys.stdout = None; os.close(2)",
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
        "os.closerange(0, 3); open(os.devnull)",
    ],
)
def test_standard_streams_that_a_block_closes_are_open_again(closing: str) -> None:
    done = _run(CLOSING.format(closing=closing))
    assert sorted(done.stdout.splitlines()) == ["below", "written"], done.stderr
    assert done.stderr == "noted\n"


def test_a_look_is_quick_enough_for_every_call() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        for _ in range(100):
            with watched_state():
                pass
        return (time.perf_counter() - began) / 100

    assert min(seconds() for _ in range(10)) < 3e-4  # A twentieth of a millisecond, and six times.
