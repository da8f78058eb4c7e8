"""Runs of the user's tests, each in a process of its own, several at the same time."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gradcert.audit.own_tests.seen import RECORD, Seen, read_seen

__all__ = ["Command", "Ended", "run"]

_MOMENT = 0.02
"""Seconds between two looks at the processes."""

_NAMED = ["-p", "gradcert"]
"""The option that loads the plugin where pytest loads none by itself."""

_FIRST = "-x"
"""The option with which pytest ends at its first failing test."""


@dataclass(frozen=True)
class Command:
    """How the tests are run.

    Attributes
    ----------
    target
        The function that is replaced, as MODULE:NAME.
    arguments
        What pytest is given beside.
    """

    target: str
    arguments: tuple[str, ...]

    def options(self, mutant: str | None) -> list[str]:
        """Return the arguments of pytest, with a mutant or with none."""
        chosen = [] if mutant is None else ["--gradcert-mutant", mutant]
        return [*chosen, "--gradcert-replace", self.target, *self.arguments]

    def line(self, mutant: str | None) -> str:
        """Return the line for a shell that runs the tests with a mutant, or with none.

        Examples
        --------
        >>> print(Command("kernels:fused", ("-k", "not slow")).line("doubled"))
        python -m pytest --gradcert-mutant doubled --gradcert-replace kernels:fused -k 'not slow'
        """
        named = _NAMED if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") else []
        return shlex.join(["python", "-m", "pytest", *named, *self.options(mutant)])


@dataclass(frozen=True)
class Ended:
    """A run that has ended.

    Attributes
    ----------
    mutant
        The name of the mutant; None if there was none.
    status
        The exit status of pytest, negative for a signal; None if the run took too long.
    seconds
        How long it took.
    seen
        What it wrote down.
    output
        What it wrote to the terminal.
    """

    mutant: str | None
    status: int | None
    seconds: float
    seen: tuple[Seen, ...]
    output: str


class _Run:
    """A run that may still go on."""

    def __init__(self, command: Command, mutant: str | None, folder: Path) -> None:
        self.mutant = mutant
        self._record, self._output = folder / f"{mutant}.jsonl", folder / f"{mutant}.txt"
        self._began = time.monotonic()
        # The user's cache of failed tests stays as it is.
        ours = [*_NAMED, "-o", f"cache_dir={folder / str(mutant)}"]
        first = [] if mutant is None else [_FIRST]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *ours, *first, *command.options(mutant)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {RECORD: str(self._record)},
                start_new_session=True,
            )

    def ended(self, time_limit: float | None) -> Ended | None:
        """Return what came of the run, if it has ended or took too long."""
        status = self._process.poll()
        seconds = time.monotonic() - self._began
        if status is None and (time_limit is None or seconds < time_limit):
            return None
        self.end()
        output = self._output.read_text(errors="replace")
        return Ended(self.mutant, status, seconds, tuple(read_seen(self._record)), output)

    def end(self) -> None:
        """End the process, and what it started."""
        with suppress(ProcessLookupError, PermissionError):  # They have ended.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def run(
    command: Command,
    mutants: Iterable[str | None],
    *,
    folder: Path,
    jobs: int = 1,
    time_limit: float | None = None,
) -> Iterator[Ended]:
    """Run the tests with each mutant, and yield each run when it has ended.

    Parameters
    ----------
    command
        How they are run.
    mutants
        The names of the mutants; None is a run without one. A run with a mutant ends at the first
        test that fails.
    folder
        An empty folder, for what the runs write.
    jobs
        How many runs go on at the same time.
    time_limit
        The seconds after which a run is ended.

    Raises
    ------
    msgspec.ValidationError, msgspec.DecodeError
        If something else wrote into the file that a run writes down.
    """
    waiting, running = list(mutants), list[_Run]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(_Run(command, waiting.pop(0), folder))
            time.sleep(_MOMENT)
            for one in list(running):
                ended = one.ended(time_limit)
                if ended is not None:
                    running.remove(one)
                    yield ended
    finally:
        for one in running:
            one.end()
