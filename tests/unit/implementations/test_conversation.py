"""A running process: how it ended, its last words, and that nothing of it is left."""

import os
import resource
import select
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from gradcert_implementations import SpecError, load
from gradcert_implementations.conversation import RunningProcess, require_posix


def _running(code: str, *, own_session: bool = False) -> RunningProcess:
    return RunningProcess([sys.executable, "-c", code], own_session=own_session)


def _output(process: RunningProcess) -> bytes:
    assert process.output is not None
    return os.read(process.output, 100)


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("pass", "exit status 0"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 11)", "Segmentation fault"),
        ("import os; os.kill(os.getpid(), 9)", "Killed"),
    ],
)
def test_an_ending_is_the_name_of_the_signal_or_the_exit_status(code: str, ending: str) -> None:
    process = _running(code)
    assert process.ending() == ending
    process.end()


def test_a_process_that_still_runs_has_no_ending_until_it_is_ended() -> None:
    process = _running("input()")
    assert process.ending(patience=0) is None
    process.end()
    assert process.ending() == "Killed"
    process.end()  # A second time does nothing.


def test_a_short_text_on_standard_error_is_quoted_whole_in_one_line() -> None:
    process = _running(r"import sys; sys.stderr.write('no\nmemory\x1b[31m left')")
    process.ending()
    assert process.last_words() == "no memory left"
    process.end()


def test_a_long_text_is_quoted_by_its_beginning_and_its_end() -> None:
    process = _running("import sys; sys.stderr.write('first ' + 'x' * 10**6 + ' last')")
    process.ending()
    words = process.last_words()
    assert words.startswith("first xxx")
    assert " ... " in words
    assert words.endswith("xxx last")
    assert len(words) < 200
    process.end()


def test_the_line_is_quoted_that_says_the_error() -> None:
    process = _running(f"def {'deeper' * 30}(): raise ValueError('no memory')\n{'deeper' * 30}()")
    process.ending()
    assert process.last_words() == "ValueError: no memory"
    process.end()


WRITES = "import os; [os.write(2, b'loading a layer\\n' * 4096) for _ in range(1600)]"
"""It writes a hundred mebibytes to standard error."""


def _memory_of_this_process() -> int:
    """Return the most bytes that this process has used."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_what_a_process_writes_to_standard_error_makes_neither_it_wait_nor_us_grow() -> None:
    before = _memory_of_this_process()
    process = _running(f"{WRITES}; os._exit(os.write(2, b'Error: no layer') - 12)")
    assert process.ending(patience=120) == "exit status 3"
    assert process.last_words() == "Error: no layer"
    assert _memory_of_this_process() - before < 16 << 20
    process.end()


def test_a_process_that_writes_to_standard_error_for_ever_is_quoted_and_ended() -> None:
    process = _running(
        "from os import *; write(1, b'!')\nwhile write(2, b'no layer\\n' * 4096): pass"
    )
    assert _output(process) == b"!"
    assert process.ending(patience=0.1) is None
    assert "no layer" in process.last_words()
    process.end()
    assert process.ending() == "Killed"


@pytest.mark.parametrize("own_session", [False, True])
def test_a_process_left_behind_that_holds_standard_error_makes_nobody_wait_long(
    own_session: bool,
) -> None:
    code = (
        "import os, time; os.fork() and os._exit(os.write(2, b'no')); os.close(1); time.sleep(20)"
    )
    process = _running(code, own_session=own_session)
    began = time.monotonic()
    assert process.ending() == "exit status 2"
    assert process.last_words() == "no"
    process.end()
    assert time.monotonic() - began < 10


def test_where_there_is_no_thread_to_read_standard_error_nothing_is_started_or_left_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    with pytest.raises(RuntimeError, match="new thread"):
        _running("pass")
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_a_process_that_has_ended_leaves_no_file_and_no_thread() -> None:
    files, threads = len(os.listdir("/dev/fd")), threading.active_count()  # noqa: PTH208
    for _ in range(20):
        process = _running("import os; os.write(2, b'no')")
        process.ending()
        process.end()
    assert len(os.listdir("/dev/fd")) == files  # noqa: PTH208
    assert threading.active_count() == threads


def test_all_that_is_written_arrives_however_much_it_is() -> None:
    process = _running("import os, sys; os.write(1, b'%d' % len(sys.stdin.buffer.read(10**6)))")
    process.write(b"x" * 10**6)
    assert _output(process) == b"1000000"
    process.end()


def test_writing_to_a_process_that_does_not_read_is_an_error() -> None:
    process = _running("pass")
    process.ending()
    with pytest.raises(BrokenPipeError):
        process.write(b"x" * 10**6)
    process.end()


def _all_writers_are_gone(output: int) -> bool:
    """Return whether the pipe is at its end, which it is when no process holds it open."""
    readable, _, _ = select.select([output], [], [], 10)
    return bool(readable) and os.read(output, 1) == b""


FORKS = "import os, time; os.fork() and os.write(1, b'!'); time.sleep(60)"


def test_with_a_session_of_its_own_the_processes_that_it_started_end_too() -> None:
    process = _running(FORKS, own_session=True)
    assert process.output is not None
    output = os.dup(process.output)
    assert _output(process) == b"!"  # Both run now.
    process.end()
    assert _all_writers_are_gone(output)
    os.close(output)


def test_a_process_that_nobody_refers_to_is_ended() -> None:
    process = _running("import time; time.sleep(60)")
    assert process.output is not None
    output = os.dup(process.output)
    del process
    assert _all_writers_are_gone(output)
    os.close(output)


def test_a_program_that_cannot_be_started_leaves_no_file_open() -> None:
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    with pytest.raises(FileNotFoundError):
        RunningProcess(["./missing"])
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_where_there_is_no_posix_a_program_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    require_posix("a program")
    monkeypatch.setattr("gradcert_implementations.conversation.os", SimpleNamespace(name="nt"))
    with pytest.raises(SpecError) as caught:
        load("command:./my_kernel")
    assert str(caught.value) == (
        "'command:./my_kernel': a program behind command: needs POSIX (Linux, macOS) to wait on "
        "pipes; this system is 'nt': use the Windows Subsystem for Linux"
    )
