"""What several commands share: the run with its progress bar, the report's folder, the exits."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import typer

from gradcert.cli.statuses import Status
from gradcert.cli.streams import say
from gradcert.core.progress import progress_bar
from gradcert_implementations.names import printable

if TYPE_CHECKING:
    from gradcert.cli.interrupts import Budget
    from gradcert.core.settings import SearchSettings
    from gradcert_implementations import Implementation
    from gradcert_reports import Entry, Report

__all__ = [
    "available_cores",
    "certified",
    "make_empty",
    "make_ready",
    "save",
    "stop_if_interrupted",
    "usage_error",
    "writing",
]


_HEAD, _TAIL = 1000, 900
"""Characters of the two ends of a longer message: it may quote a name of any length."""


def usage_error(message: str) -> NoReturn:
    """End with status 2 and the message in one line, whatever it quotes."""
    line = printable(message)
    if len(line) > _HEAD + _TAIL:
        line = f"{line[:_HEAD]} ... {line[-_TAIL:]}"
    say(f"gradcert: {line}")
    raise typer.Exit(Status.USAGE)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def writing(directory: Path | None) -> Iterator[None]:
    """End in a usage error where the report cannot be written."""
    try:
        yield
    except OSError as error:
        if directory is None:  # No report is written.
            raise
        place = error.filename2 or error.filename or directory
        usage_error(
            f"cannot write a report to {directory}: {place}: {error.strerror}; "
            "choose another --report"
        )


def make_ready(directory: Path | None) -> None:
    """Make the report's folder before the work begins; end in a usage error if it cannot be."""
    if directory is not None:
        from gradcert_reports import prepare

        with writing(directory):
            prepare(directory)


def make_empty(directory: Path | None) -> None:
    """Make the report's folder without a report.

    This comes before anything is loaded: a subject may end the process.
    """
    make_ready(directory)
    if directory is not None:
        from gradcert_reports import clear

        with writing(directory):
            clear(directory)


def save(report: "Report", directory: Path | None) -> None:
    """Write the report, if one is wanted."""
    from gradcert_reports import write

    if directory is not None:
        with writing(directory):
            for path in write(report, directory):
                say(f"wrote {path}")


def stop_if_interrupted(
    report: "Report", budget: "Budget | None" = None, *, wrong: bool = False
) -> None:
    """If checks are missing, say how many ran, and end with a status that says why.

    What was found within a time budget counts: if something is wrong, it does not end here.
    """
    if report.complete:
        return
    ran = sum(len(certificate.results) for certificate in report.certificates)
    planned = sum(certificate.planned for certificate in report.certificates)
    if budget is None or not budget.used_up:
        say(f"interrupted: {ran} of {planned} checks ran")
        raise typer.Exit(Status.INTERRUPTED)
    say(f"the time budget is used up: {ran} of {planned} checks ran")
    if not wrong:
        raise typer.Exit(Status.INCOMPLETE)


def _begin(report: "Report", directory: Path, budget: "Budget") -> None:
    """Write the report as it is before the first check; an interrupt now ends the command."""
    from gradcert_reports import keep, write

    try:
        keep(report, directory)
        write(report, directory)
    except KeyboardInterrupt:
        # The modules of the pages are half imported, and cannot be imported again.
        stop_if_interrupted(report, budget)


def certified(
    settings: "Mapping[Implementation, SearchSettings]",
    *,
    directory: Path | None,
    budget: "Budget",
    ledger: "Sequence[Entry]" = (),
    jobs: int = 1,
    quiet: bool = False,
) -> "Report":
    """Certify implementations, each with its settings, with one progress bar unless it is quiet.

    If `jobs` is more than one, that many are certified at the same time, each in a process of its
    own. After each check the certificates are written to the directory, if there is one. Ctrl-C,
    SIGTERM and the time budget end the run, and the report that is returned is incomplete.
    """
    from hypothesis.configuration import set_hypothesis_home_dir

    from gradcert.checks import planned
    from gradcert.core.limits import UNLIMITED, Limits
    from gradcert.engine.certification import certifying
    from gradcert.engine.parallel import Job, certifying_all
    from gradcert.isolation.subject import Isolated, isolate
    from gradcert_implementations import Adapted
    from gradcert_reports import Report, keep

    subjects = list(settings)
    jobs = min(jobs, len(subjects))
    if jobs > 1:  # What another process examines must run in a process of its own.
        subjects = [
            subject
            if isinstance(subject, Isolated)
            else isolate(subject, Limits() if subject.adapted is Adapted.PROGRAM else UNLIMITED)
            for subject in subjects
        ]
    every = [
        Job(place, subject, settings)
        for place, (subject, settings) in enumerate(zip(subjects, settings.values(), strict=True))
    ]
    certificates = [next(certifying(job.subject, job.settings)) for job in every]

    def report() -> Report:
        return Report(certificates=tuple(certificates), ledger=tuple(ledger))

    def upcoming(place: int) -> str:
        found = certificates[place]
        tasks = [one.task for one in planned(subjects[place])]
        return " ".join([found.name, *map(str, tasks[len(found.results) :][:1])])

    with (
        writing(directory),
        TemporaryDirectory() as scratch,
        progress_bar(shown=not quiet) as progress,
    ):
        # Otherwise Hypothesis leaves a folder of its own where the command was called.
        set_hypothesis_home_dir(scratch)
        task = progress.add_task(upcoming(0), total=sum(found.planned for found in certificates))

        if directory is not None:
            _begin(report(), directory, budget)
        try:
            with closing(certifying_all(every, jobs)) as steps:
                for step in steps:
                    certificates[step.place] = step.certificate
                    budget.wrong = budget.wrong or step.certificate.verdict.wrong
                    progress.update(task, advance=1, description=upcoming(step.place))
                    if directory is not None:
                        keep(report(), directory)
        except KeyboardInterrupt:
            pass
        finally:
            budget.over()
    return report()
