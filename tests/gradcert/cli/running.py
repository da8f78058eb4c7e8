"""What the commands that certify share: the progress bar, the report's folder, the exits."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from gradcert.cases import Claim
    from gradcert.checks import Check
    from gradcert_implementations import Implementation
    from gradcert_reports import Certificate, Entry

__all__ = ["certificates_of", "make_ready", "save", "stop_if_interrupted", "usage_error"]

_INTERRUPTED = 130
"""The exit status of a program that SIGINT ended, as shells count it."""


def usage_error(message: str) -> NoReturn:
    """End with one line and status 2."""
    typer.echo(f"gradcert: {message}", err=True)
    raise typer.Exit(2)


def make_ready(report: Path | None) -> None:
    """Make the report's folder before the work begins; end in a usage error if it cannot be."""
    from gradcert_reports import prepare

    try:
        if report is not None:
            prepare(report)
    except OSError as error:
        usage_error(f"cannot write a report to {report}: {error.strerror}; choose another --report")


def save(
    report: Path | None,
    certificates: "Sequence[Certificate]",
    ledger: "Sequence[Entry]" = (),
) -> None:
    """Write a report of what was certified, if one is wanted and there is something in it."""
    from gradcert_reports import Report, write

    if report is not None and certificates:
        write(Report(certificates=tuple(certificates), ledger=tuple(ledger)), report)
        typer.echo(f"wrote {report}/certificate.json and report.md", err=True)


def stop_if_interrupted(done: int, planned: int) -> None:
    """End with the status of an interrupted program where not all was done."""
    if done < planned:
        typer.echo(f"interrupted: {done} of {planned} certified", err=True)
        raise typer.Exit(_INTERRUPTED)


def certificates_of(
    subjects: "Sequence[Implementation]", *, max_examples: int, seed: int
) -> "list[Certificate]":
    """Certify one after the other, with a progress bar; Ctrl-C keeps those that are done."""
    from hypothesis.configuration import set_hypothesis_home_dir
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from gradcert.certification import certify
    from gradcert.checks import planned

    total = sum(1 for subject in subjects for _ in planned(subject))
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    certificates: list[Certificate] = []
    with (
        TemporaryDirectory() as scratch,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        # Otherwise Hypothesis leaves a folder of its own where the command was called.
        set_hypothesis_home_dir(scratch)
        task = progress.add_task("", total=total)

        def on_check(check: "Check", claim: "Claim") -> None:
            about = (claim.implementation.name, check.id, claim.quantity, claim.format.name)
            progress.update(task, advance=1, description=" ".join(about))

        try:
            for subject in subjects:
                found = certify(subject, max_examples=max_examples, seed=seed, on_check=on_check)
                certificates.append(found)
        except KeyboardInterrupt:
            pass
    return certificates
