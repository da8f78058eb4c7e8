"""The processes in which subjects are timed: one per job, so that none inherits another's memory.

A job comes as JSON on standard input. A line goes out for each sample as it is taken. If one row
takes longer than the limit, an alarm ends the process, and the samples without a line are past the
limit. Each round has a new process, so that the spread of the rounds includes what differs between
processes, such as the layout of their memory.
"""

import gc
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from records import slope
from suite import SUITE
from timed import ENCLOSED, SUBJECTS, UNDER, Run, case

from gradcert_oracle import FORMATS

EVERY = {**SUBJECTS, **ENCLOSED, **UNDER, **SUITE}
"""All that is timed, by name."""

LIMIT = 60
"""Seconds that one row may take."""

ENOUGH = 0.3
"""Seconds of runs that make a sample. Two runs are enough if they take longer."""

SLOW = 10.0
"""A run of more seconds is a sample by itself and is not repeated."""


class Job(msgspec.Struct, frozen=True):
    """Subjects to measure side by side, on one row at several sizes."""

    measure: Literal["seconds", "bytes"]
    row: str
    format: str
    classes: tuple[int, ...]
    subjects: tuple[str, ...]


class Sample(msgspec.Struct, frozen=True):
    """A measurement of one subject: the seconds of a run, or bytes."""

    classes: int
    subject: str
    value: float


def predicted(seconds: Sequence[tuple[int, float]], classes: int) -> float:
    """Return how long a run will take, by the growth so far, which is at least linear.

    Examples
    --------
    >>> round(predicted([(10, 1.0), (100, 100.0)], 1000))
    10000
    >>> round(predicted([(10, 1.0)], 100))
    10
    """
    if not seconds:
        return 0.0
    power = max(slope(seconds[-2:]), 1.0) if len(seconds) > 1 else 1.0
    last, took = seconds[-1]
    return float(took * (classes / last) ** power)


def _timed(run: Run) -> float:
    signal.alarm(LIMIT)
    begin = time.perf_counter()
    answer = run()
    seconds = time.perf_counter() - begin
    signal.alarm(0)
    del answer  # To free it is not timed.
    return seconds


def timings(runs: Sequence[Run]) -> list[float]:
    """Return the least seconds of each run. They take turns, at least twice, until it is enough.

    It is the least because other work of the machine only adds to it. It adds more to a run that is
    long enough to be interrupted, so that medians would change the ratios.
    """
    gc.collect()
    turns = [list(map(_timed, runs))]
    if max(turns[0]) > SLOW:
        return turns[0]
    while len(turns) < 2 or sum(map(sum, turns)) < ENOUGH:
        turns.append(list(map(_timed, runs)))
    return list(map(min, zip(*turns, strict=True)))


def peak_memory() -> int:
    """Return the most bytes that this process ever had in memory."""
    status = Path("/proc/self/status")
    if status.exists():  # On Linux ru_maxrss also counts the process that started this one.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def growth(run: Run) -> float:
    """Return the growth of the peak memory in bytes when it runs, with its answer."""
    before = peak_memory()
    answer = run()
    grown = peak_memory() - before
    del answer
    return grown


def _emit(sample: Sample) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(sample) + b"\n")
    sys.stdout.buffer.flush()


def work(job: Job) -> None:
    """Do a job, up to the first size that would take too long."""
    format = FORMATS[job.format]
    for subject in job.subjects:
        EVERY[subject](case(job.row, format, 10))()  # The first call loads libraries.
    taken: list[tuple[int, float]] = []
    for classes in job.classes:
        if predicted(taken, classes) > LIMIT:
            return
        drawn = case(job.row, format, classes)
        runs = [EVERY[subject](drawn) for subject in job.subjects]
        values = timings(runs) if job.measure == "seconds" else list(map(growth, runs))
        for subject, value in zip(job.subjects, values, strict=True):
            _emit(Sample(classes, subject, value))
        if job.measure == "seconds":
            taken.append((classes, max(values)))


def samples(job: Job) -> list[Sample]:
    """Do a job in a process of its own, and return its measurements before any alarm.

    Raises
    ------
    RuntimeError
        If the process ended in another way. The message has what it said.
    """
    done = subprocess.run(
        [sys.executable, __file__], input=msgspec.json.encode(job), capture_output=True, check=False
    )
    if done.returncode not in (0, -signal.SIGALRM):
        raise RuntimeError(f"{job} ended with {done.returncode}:\n{done.stderr.decode()}")
    return [msgspec.json.decode(line, type=Sample) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    work(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))
