"""What several commands share: the run with its progress bar, the report's folder, the exits."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from gradcert_implementations.names import printable

if TYPE_CHECKING:
    from gradcert.core.settings import SearchSettings
    from gradcert_implementations import Implementation
    from gradcert_reports import Entry, Report

__all__ = [
    "available_cores",
    "certified",
    "make_ready",
    "save",
    "stop_if_interrupted",
    "usage_error",
]

_INTERRUPTED = 130
"""The exit status of a program that SIGINT ended, as shells report it."""


_HEAD, _TAIL = 1000, 900
"""Characters of the two ends of a longer message: it may quote a name of any length."""


def usage_error(message: str) -> NoReturn:
    """End with status 2 and the message in one line, whatever it quotes."""
    said = printable(message)
    if len(said) > _HEAD + _TAIL:
        said = f"{said[:_HEAD]} ... {said[-_TAIL:]}"
    typer.echo(f"gradcert: {said}", err=True)
    raise typer.Exit(2)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _writing(directory: Path | None) -> Iterator[None]:
    """End in a usage error where the report cannot be written."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or directory
        usage_error(
            f"cannot write a report to {directory}: {place}: {error.strerror}; "
            "choose another --report"
        )


def make_ready(directory: Path | None) -> None:
    """Make the report's folder before the work begins; end in a usage error if it cannot be."""
    from gradcert_reports import prepare

    if directory is not None:
        with _writing(directory):
            prepare(directory)


def save(report: "Report", directory: Path | None) -> None:
    """Write the report, if one is wanted."""
    from gradcert_reports import write

    if directory is not None:
        with _writing(directory):
            for path in write(report, directory):
                typer.echo(printable(f"wrote {path}"), err=True)


def stop_if_interrupted(report: "Report") -> None:
    """If checks are missing, say how many ran and end with the status of an interrupted program."""
    if not report.complete:
        ran = sum(len(certificate.results) for certificate in report.certificates)
        planned = sum(certificate.planned for certificate in report.certificates)
        typer.echo(f"interrupted: {ran} of {planned} checks ran", err=True)
        raise typer.Exit(_INTERRUPTED)


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _begin(report: "Report", directory: Path) -> None:
    """Write the report as it is before the first check; an interrupt now ends the command."""
    from gradcert_reports import clear, keep, write

    try:
        clear(directory)
        keep(report, directory)
        write(report, directory)
    except KeyboardInterrupt:
        # The modules of the pages are half imported, and cannot be imported again.
        stop_if_interrupted(report)


def certified(
    settings: "Mapping[Implementation, SearchSettings]",
    *,
    directory: Path | None,
    ledger: "Sequence[Entry]" = (),
    jobs: int = 1,
) -> "Report":
    """Certify implementations, each with its settings, with one progress bar.

    If `jobs` is more than one, that many are certified at the same time, each in a process of its
    own. After each check the certificates are written to the directory, if there is one. Ctrl-C and
    SIGTERM end the run, and the report that is returned is incomplete.
    """
    from multiprocessing.pool import ThreadPool

    from hypothesis.configuration import set_hypothesis_home_dir
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from gradcert.checks import planned
    from gradcert.core.limits import UNLIMITED
    from gradcert.engine.certification import certifying
    from gradcert.isolation.subject import Isolated, isolate
    from gradcert_reports import Report, keep

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    subjects = list(settings)
    jobs = min(jobs, len(subjects))
    if jobs > 1:
        # Ball arithmetic and Hypothesis have settings for the whole process, so that two
        # examinations in one process would disturb each other.
        subjects = [
            subject if isinstance(subject, Isolated) else isolate(subject, UNLIMITED)
            for subject in subjects
        ]
    steps = list(map(certifying, subjects, settings.values()))
    certificates = [next(step) for step in steps]
    going_on, lock = True, Lock()

    def report() -> Report:
        return Report(certificates=tuple(certificates), ledger=tuple(ledger))

    with (
        _writing(directory),
        TemporaryDirectory() as scratch,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        # Otherwise Hypothesis leaves a folder of its own where the command was called.
        set_hypothesis_home_dir(scratch)
        task = progress.add_task("", total=sum(found.planned for found in certificates))

        def certify(place: int) -> None:
            for one in planned(subjects[place]):
                progress.update(task, description=f"{certificates[place].name} {one.task}")
                certificate = next(steps[place])
                with lock:
                    if not going_on:
                        return
                    certificates[place] = certificate
                    progress.advance(task)
                    if directory is not None:
                        keep(report(), directory)

        before = signal.signal(signal.SIGTERM, _interrupt)
        if directory is not None:
            _begin(report(), directory)
        try:
            if jobs > 1:
                # Its threads are daemons, so that an interrupted run does not wait for them.
                with ThreadPool(jobs) as pool:
                    for _ in pool.imap_unordered(certify, range(len(subjects))):
                        pass
            else:
                for place in range(len(subjects)):
                    certify(place)
        except KeyboardInterrupt:
            pass
        finally:
            with lock:
                going_on = False
            signal.signal(signal.SIGTERM, before)
    return report()
