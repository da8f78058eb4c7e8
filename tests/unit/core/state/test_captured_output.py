"""What is written to standard output is captured, whatever the writer does to its streams."""

import ctypes
import io
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from gradcert.core.state.captured_output import captured_output


def _print_in_c() -> None:
    ctypes.CDLL(None).puts(b"said")


def _print_to_the_descriptor() -> None:
    os.write(1, b"said\n")


def _print_to_the_buffer() -> None:
    sys.stdout.buffer.write(b"said\n")


def _print_and_close() -> None:
    print("said")  # noqa: T201
    sys.stdout.close()


def _print_and_close_the_descriptor() -> None:
    os.write(1, b"said\n")
    os.close(1)


def _print_and_leave_nothing() -> None:
    print("said")  # noqa: T201
    sys.stdout = None  # type: ignore[assignment]


def _print_in_a_child() -> None:
    subprocess.run(["echo", "said"], check=True)


@pytest.mark.parametrize(
    "write",
    [
        lambda: print("said"),  # noqa: T201
        _print_in_c,
        _print_to_the_descriptor,
        _print_to_the_buffer,
        _print_and_close,
        _print_and_close_the_descriptor,
        _print_and_leave_nothing,
        _print_in_a_child,
    ],
)
def test_what_is_written_in_any_way_is_captured(
    write: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    before = sys.stdout
    with captured_output() as written:
        write()
        assert written() == "said\n"
        assert written() == ""
        os.write(1, b"more\n")
        assert written() == "more\n"
    assert sys.stdout is before
    print("after")  # noqa: T201
    os.write(1, b"below\n")
    assert sorted(capfd.readouterr().out.splitlines()) == ["after", "below"]


def test_what_is_no_text_is_captured_too() -> None:
    with captured_output() as written:
        os.write(1, b"\xff\n")
        print("\udcff")  # noqa: T201
        assert written() == "\ufffd\n?\n"


@pytest.mark.parametrize("stdout", [None, io.StringIO(), io.TextIOWrapper(io.BytesIO())])
def test_a_stdout_without_a_descriptor_is_left_alone(
    stdout: "io.TextIOBase | None", monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(stdout, io.TextIOWrapper):
        stdout.close()
    monkeypatch.setattr(sys, "stdout", stdout)
    with captured_output() as written:
        print("said")  # noqa: T201
        assert written() == "said\n"
    assert sys.stdout is stdout


def test_it_works_where_standard_output_is_closed() -> None:
    code = (
        "import os, sys\n"
        "from gradcert.core.state.captured_output import captured_output\n"
        "for _ in range(2):\n"
        "    with captured_output() as written:\n"
        "        print('said')\n"
        "        print(repr(written()), file=sys.stderr)\n"
    )
    command = [f'{sys.executable} -c "$1" <&- >&-', "sh", code]
    done = subprocess.run(["sh", "-c", *command], stderr=subprocess.PIPE, text=True, check=True)
    assert done.stderr == "'said\\n'\n" * 2


def test_what_a_library_printed_before_is_not_what_a_call_wrote(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ctypes.CDLL(None).printf(b"device ready\n")
    with captured_output() as written:
        assert written() == ""
    assert capfd.readouterr().out == "device ready\n"
