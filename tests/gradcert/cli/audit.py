"""``gradcert audit --close``: which wrong gradients a test's bound lets through."""

import sys
from shlex import join
from typing import TYPE_CHECKING, Annotated

import typer

from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import ReportFolder
from gradcert.cli.running import available_cores, make_ready, usage_error, writing
from gradcert.cli.streams import kept_streams, printing, say
from gradcert.core.progress import progress_bar
from gradcert_implementations.importing import SpecError
from gradcert_implementations.names import FORMAT_NAMES, LEVEL_NAMES, known_name

if TYPE_CHECKING:
    from gradcert.audit.bounds.setups import Setup
    from gradcert_implementations.names import LevelName
    from gradcert_reports.audits.bound_records import BoundAudit

__all__ = ["audit_command"]


def _check_memory(setup: "Setup", *, whole: bool) -> None:
    """End in a usage error if the data cannot be held."""
    from gradcert.audit.bounds.requests import bytes_needed, bytes_that_are_free

    needed, free = bytes_needed(setup, whole=whole), bytes_that_are_free()
    if needed > free:
        usage_error(
            f"{setup.rows} rows of {setup.classes} classes need about {needed / 2**30:.3g} GiB, "
            f"and {free / 2**30:.3g} GiB are free; give fewer --rows or --classes"
        )


def _audited(setup: "Setup", close: str, level: "LevelName", seeds: int) -> "BoundAudit":
    """Audit a bound, with a progress bar."""
    from gradcert.audit.bounds.audited import audited

    with progress_bar() as progress:
        task = progress.add_task("rows compared", total=setup.rows * seeds)
        return audited(
            setup,
            close,
            level=level,
            seeds=seeds,
            jobs=available_cores(),
            progress=lambda rows: progress.advance(task, rows),
        )


def audit_command(
    context: typer.Context,
    close: Annotated[
        str,
        typer.Option(
            metavar="COMPARISON",
            help="What the test compares: atol=1e-2,rtol=1e-2 (with ,of=got where rtol is of the "
            "answer under test), allclose, assert_close, norm:1e-3, cosine:0.999, mean:1e-4, "
            "ulps:4, or a function (got, want) of your own, my_module:function.",
        ),
    ] = "",
    quantity: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What is compared: dE/dz, softmax, loss, softmax-backward, ... An unknown name is "
            "an error that lists all.",
        ),
    ] = "dE/dz",
    format: Annotated[
        str,
        typer.Option(metavar="NAME", help=f"Its format: {', '.join(FORMAT_NAMES)}, or bf16, ..."),
    ] = "binary32",
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="Rows of the logits.")] = 128,
    classes: Annotated[int, typer.Option(min=1, metavar="N", help="Classes.")] = 1000,
    logits: Annotated[
        str,
        typer.Option(
            metavar="DRAW", help="How the logits are drawn: normal, normal:10, uniform:-1,1."
        ),
    ] = "normal",
    upstream: Annotated[
        str,
        typer.Option(
            metavar="DRAW",
            help="How the upstream gradient is drawn, or the v of a backward: ones, normal, ...",
        ),
    ] = "",
    targets: Annotated[
        str, typer.Option(metavar="KIND", help="index (labels), or probability (soft targets).")
    ] = "index",
    ignored: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="The part of the rows to ignore.")
    ] = 0.0,
    loss: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="An option of the loss, such as reduction=mean. May be repeated.",
        ),
    ] = None,
    level: Annotated[
        str,
        typer.Option(
            metavar="LEVEL",
            help=f"The level that right answers have: {', '.join(LEVEL_NAMES)}. Only 16-bit "
            "formats have wide; in the others it means shifted.",
        ),
    ] = "wide",
    seeds: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many times to draw the data.")
    ] = 1,
    report: ReportFolder = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print audit.json in place of text.")
    ] = False,
) -> None:
    """Audit a test: say which wrong gradients it lets through.

    With --close a bound is audited, on data drawn as the test draws it. The command pytest audits
    your own tests: it runs them once for each wrong gradient.

    Exit status: 0 if the audit was made, whatever it found, 2 for a usage error, 4 if standard
    output is closed or full, 5 if gradcert fails, 130 after an interrupt.
    """
    if context.invoked_subcommand is not None:
        if close:
            usage_error(
                "--close audits a bound, and pytest audits your own tests; give one of them"
            )
        for one in context.command.params:
            source = context.get_parameter_source(one.name or "")
            if source is not None and source.name == "COMMANDLINE":
                usage_error(f"{one.opts[0]} stands before pytest; write it behind, or leave it out")
        return
    if not close:
        usage_error("nothing to audit; give --close atol=1e-2,rtol=1e-2, or the command pytest")
    from msgspec.structs import replace

    from gradcert.audit.bounds.requests import setup_of
    from gradcert.audit.bounds.written_comparisons import comparison
    from gradcert_reports.audits.bound_files import (
        clear_bound_audit,
        encoded,
        write_bound_audit,
    )
    from gradcert_reports.audits.bound_text import bound_text

    make_ready(report)
    if report is not None:
        with writing(report):
            clear_bound_audit(report)
    with stoppable():
        try:
            setup = setup_of(
                quantity=quantity,
                format=format,
                rows=rows,
                classes=classes,
                loss=loss or (),
                logits=logits,
                upstream=upstream,
                targets=targets,
                ignored=ignored,
            )
            known = known_name("level", level, LEVEL_NAMES)
            with kept_streams():
                whole = comparison(close, setup.format).whole
        except (ValueError, SpecError) as error:
            usage_error(str(error))
        _check_memory(setup, whole=whole)
        try:
            with kept_streams():
                found = _audited(setup, close, known, seeds)
        except ValueError as error:
            usage_error(str(error))
        found = replace(found, command=join(["gradcert", *sys.argv[1:]]))
        if report is not None:
            with writing(report):
                for path in write_bound_audit(found, report):
                    say(f"wrote {path}")
        with printing(sys.stdout) as console:
            shown = encoded(found).decode() if json else bound_text(found)
            typer.echo(shown, file=console.file)
