"""The options of pytest that replace a function, and what a run writes down."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gradcert.audit.own_tests.seen import RECORD, ItemSeen, ProcessSeen, add, read_seen

KERNELS = """
import numpy as np
from functools import partial

def gradient(slopes):
    return 2 * slopes

def untouched():
    return 1
"""

TESTS = """
import numpy as np
import pytest
from kernels import gradient

calls = 0

@pytest.fixture
def slopes():
    return gradient(np.ones(3))

def test_in_a_fixture(slopes):
    assert (slopes == 2).all()

def test_twice():
    assert (gradient(np.ones(3)) + gradient(np.ones(3)) == 4).all()

@pytest.mark.xfail(strict=True)
def test_expected_to_fail():
    assert (gradient(np.ones(3)) == 3).all()

@pytest.mark.skip
def test_skipped():
    gradient(np.ones(3))

def test_teardown(request):
    request.addfinalizer(lambda: gradient(np.ones(3))[0] != 2 and pytest.fail("in a finalizer"))
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tests(tmp_path: Path) -> Run:
    (tmp_path / "kernels.py").write_text(KERNELS)
    (tmp_path / "test_kernels.py").write_text(TESTS)
    variables = {RECORD: str(tmp_path / "record"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    return lambda *arguments: subprocess.run(
        [*command, *arguments],
        cwd=tmp_path,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


REPLACE = ("--gradcert-replace", "kernels:gradient")


@pytest.mark.parametrize("processes", ["0", "2"])
def test_each_test_is_written_down_with_what_it_called_and_whether_it_failed(
    tests: Run, tmp_path: Path, processes: str
) -> None:
    done = tests(*REPLACE, "--gradcert-mutant", "doubled", "-n", processes)
    seen = read_seen(tmp_path / "record")
    items = {one.test.partition("::")[2]: one for one in seen if isinstance(one, ItemSeen)}
    found = {name: (one.failed, one.calls, one.changed) for name, one in items.items()}
    assert found == {
        "test_in_a_fixture": (True, 1, 1),
        "test_twice": (True, 2, 2),
        "test_expected_to_fail": (False, 1, 1),
        "test_skipped": (False, 0, 0),
        "test_teardown": (True, 1, 1),
    }
    every = [one for one in seen if isinstance(one, ProcessSeen)]
    assert len(every) == max(1, int(processes))
    assert sum(one.calls for one in every) == 5
    said = "gradcert: doubled in kernels:gradient: called 5 times, 5 gradients, 5 of them changed"
    assert (said in done.stdout) == (processes == "0")


def test_without_a_mutant_the_tests_pass_and_their_files_are_written_down(
    tests: Run, tmp_path: Path
) -> None:
    assert tests(*REPLACE).returncode == 0
    last = read_seen(tmp_path / "record")[-1]
    assert isinstance(last, ProcessSeen)
    assert sorted(Path(name).name for name in last.sources) == ["kernels.py", "test_kernels.py"]
    assert (last.calls, last.changed, last.held_by) == (5, 0, ())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("--gradcert-mutant zero", "--gradcert-mutant zero needs a function: add --gradcert-repl"),
        ("--gradcert-replace kernels:gradient --gradcert-mutant zro", "did you mean zero?"),
        ("--gradcert-replace kernels", "cannot replace 'kernels'; expected MODULE:NAME"),
        ("--gradcert-replace kernels:gradiant", "has no attribute 'gradiant'; did you mean gradie"),
        ("--gradcert-replace kernel:gradient", "there is no module 'kernel'"),
    ],
)
def test_what_cannot_be_replaced_is_a_usage_error_in_one_line(
    tests: Run, arguments: str, named: str
) -> None:
    done = tests(*arguments.split())
    (line,) = [one for one in done.stderr.splitlines() if one]
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert line.startswith("ERROR: ")
    assert named in line
    assert "gradcert" not in done.stdout


def test_a_record_is_read_back_and_a_strange_line_is_refused(tmp_path: Path) -> None:
    record = tmp_path / "record"
    assert read_seen(record) == []
    item = ItemSeen(test="t", failed=True, calls=1, gradients=1, changed=0, failure="")
    for one in (item, ProcessSeen("no such function")):
        add(one, record)
    with record.open("ab") as file:
        file.write(b'{"type": "te')  # The process was ended here.
    assert read_seen(record) == [item, ProcessSeen("no such function")]
    with record.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(msgspec.DecodeError):
        read_seen(record)
