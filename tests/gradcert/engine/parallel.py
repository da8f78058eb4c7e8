"""Certify several implementations, one after the other or in several processes at the same time."""

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING

from gradcert.core.settings import SearchSettings
from gradcert.engine.certification import certifying
from gradcert_implementations import Implementation
from gradcert_reports import Certificate

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

__all__ = ["Job", "Step", "certifying_all"]

_PATIENCE = 3
"""Seconds that processes may take to end what they have started."""


@dataclass(frozen=True)
class Job:
    """An implementation to certify.

    Attributes
    ----------
    place
        Its number among those of the run.
    subject
        The implementation. If there are several processes, it must run in one of its own, because
        it is sent to another process.
    settings
        How many cases its checks try, and what they are drawn from.
    """

    place: int
    subject: Implementation
    settings: SearchSettings


@dataclass(frozen=True)
class Step:
    """What was found about an implementation after one check more.

    Attributes
    ----------
    place
        The number of the implementation.
    certificate
        What was found so far.
    """

    place: int
    certificate: Certificate


def certifying_all(jobs: Sequence[Job], processes: int) -> Generator[Step]:
    """Certify implementations, and yield a step after each check.

    Ball arithmetic and Hypothesis have settings for the whole process, so that two examinations in
    one process would disturb each other. So each of several processes does one job after the other.

    Parameters
    ----------
    jobs
        What is certified.
    processes
        How many jobs are done at the same time. A single one is this process.

    Raises
    ------
    RuntimeError
        If one of several processes ended early: once the others have done what they can.
    """
    if processes == 1:
        for job in jobs:
            yield from _steps(job)
        return
    waiting = list(reversed(jobs))
    workers = dict(_started() for _ in range(min(processes, len(jobs))))
    ended = []
    try:
        busy = {pipe for pipe in workers if _has_begun(pipe, waiting)}
        while busy:
            ready = connection.wait(busy)
            for pipe in busy.intersection(ready):
                try:
                    step = pipe.recv()
                except (EOFError, ConnectionError):
                    busy.remove(pipe)
                    ended.append(workers[pipe])
                    continue
                if step is not None:
                    yield step
                elif not _has_begun(pipe, waiting):
                    busy.remove(pipe)
        if waiting or ended:
            first, *_ = ended or workers.values()
            first.join(_PATIENCE)
            code = first.exitcode
            raise RuntimeError(f"a process that examines ended early, with code {code}")
    finally:
        for worker in workers.values():
            worker.terminate()
        end = time.monotonic() + _PATIENCE
        for worker in workers.values():
            worker.join(max(0.0, end - time.monotonic()))
            worker.kill()


def _has_begun(pipe: "Connection", waiting: list[Job]) -> bool:
    """Give a process the next job. Return whether there was one, and the process still runs."""
    if not waiting:
        return False
    try:
        pipe.send(waiting[-1])
    except ConnectionError:  # Another process does this job.
        return False
    waiting.pop()
    return True


def _steps(job: Job) -> Iterator[Step]:
    steps = certifying(job.subject, job.settings)
    next(steps)  # It is the certificate before the first check.
    for certificate in steps:
        yield Step(job.place, certificate)


def _started() -> "tuple[Connection, SpawnProcess]":
    """Start a process, and return the pipe to it."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(theirs,), daemon=True)
    worker.start()
    theirs.close()
    return ours, worker


def _work(pipe: "Connection") -> None:
    """Do one job after the other; None stands after the last step of each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reports.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parent = parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    # Where an interrupt ends an examination, that ends the subject's process, too.
    with suppress(KeyboardInterrupt, EOFError):
        while True:
            for step in _steps(pipe.recv()):
                pipe.send(step)
            pipe.send(None)
