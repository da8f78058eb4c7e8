"""The command line: ``gradcert certify`` and ``gradcert list``.

What a command needs is imported when it runs, so that ``--help`` answers at once.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gradcert import MAX_EXAMPLES

if TYPE_CHECKING:
    from rich.console import Console

    from gradcert.cases import Claim
    from gradcert.checks import Check
    from gradcert_implementations import Implementation
    from gradcert_reports import Certificate

__all__ = ["certify_command", "list_command", "main"]

_INTERRUPTED = 130
"""The exit status of a program that SIGINT ended, as shells count it."""

main = typer.Typer(
    name="gradcert",
    help="Certify implementations of the softmax / cross-entropy gradient.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _usage_error(message: str) -> NoReturn:
    typer.echo(f"gradcert: {message}", err=True)
    raise typer.Exit(2)


def _certificates(
    subjects: "list[Implementation]", max_examples: int, seed: int, errors: "Console"
) -> "list[Certificate]":
    """Certify one after the other, with a progress bar; Ctrl-C keeps those that are done."""
    from hypothesis.configuration import set_hypothesis_home_dir
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from gradcert.certification import certify, planned

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
        Progress(*columns, console=errors, transient=True) as progress,
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


@main.command("certify")
def certify_command(
    spec: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]...",
            help="A built-in's name, path/to/file.py:name or package.module:name. Without one: "
            "all built-ins, of which the wrong ones must be refuted.",
        ),
    ] = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="softmax, loss, dE/do, do/dz or dE/dz; may be repeated."),
    ] = None,
    format: Annotated[
        list[str] | None,
        typer.Option(help="binary64, binary32, binary16 or bfloat16; may be repeated."),
    ] = None,
    targets: Annotated[
        str | None, typer.Option(help="The targets it is meant for: index, probability or any.")
    ] = None,
    max_examples: Annotated[
        int, typer.Option(min=1, help="Cases that a check with a full share of them tries.")
    ] = MAX_EXAMPLES,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same verdicts and counterexamples.")
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write certificate.json and report.md here."),
    ] = None,
) -> None:
    """Certify implementations.

    Exit status: 0 if all conform (without SPEC: and the wrong ones are refuted), 1 if any is
    refuted or broken, 2 for a usage error.
    """
    from rich.console import Console

    from gradcert.selection import select_subjects
    from gradcert_implementations import FLAWED, SpecError
    from gradcert_reports import Report, details, prepare, summary, write

    try:
        subjects, left_out = select_subjects(
            spec or (), quantities=quantity or (), formats=format or (), targets=targets
        )
        if report is not None:
            prepare(report)
    except SpecError as error:
        _usage_error(str(error))
    except OSError as error:
        _usage_error(
            f"cannot write a report to {report}: {error.strerror}; choose another --report"
        )
    console, errors = Console(), Console(stderr=True)
    for reason in left_out.values():
        errors.print(f"gradcert: left out: {reason}", markup=False, soft_wrap=True)
    certificates = _certificates(subjects, max_examples, seed, errors)
    console.print(summary(certificates))
    for text in filter(None, map(details, certificates)):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    if report is not None and certificates:
        write(Report(certificates=tuple(certificates)), report)
        errors.print(f"wrote {report}/certificate.json and report.md", markup=False, soft_wrap=True)
    if len(certificates) < len(subjects):
        typer.echo(f"interrupted: {len(certificates)} of {len(subjects)} certified", err=True)
        raise typer.Exit(_INTERRUPTED)
    expected = dict.fromkeys(FLAWED, "refuted") if not spec else {}
    raise typer.Exit(
        any(found.verdict != expected.get(found.origin, "conforms") for found in certificates)
    )


@main.command("list")
def list_command() -> None:
    """Show what is built in."""
    from rich.console import Console
    from rich.table import Table

    from gradcert_implementations import BUILT_IN, FLAWED, summary_of

    table = Table("name", "", "how it computes", box=None)
    for name in BUILT_IN:
        table.add_row(name, "", summary_of(name))
    for name in FLAWED:
        table.add_row(name, "flawed", summary_of(name))
    Console().print(table)
