"""``gradcert certify``: certify implementations, and write a report."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import (
    MaxExamples,
    MemoryLimit,
    Quick,
    Quiet,
    ReportFolder,
    Seed,
    Thorough,
    TimeLimit,
    effort_of,
    limits_of,
    takes_options,
)
from gradcert.cli.running import (
    available_cores,
    certified,
    make_empty,
    save,
    stop_if_interrupted,
    usage_error,
)
from gradcert.cli.streams import kept_streams, printing, say
from gradcert_implementations import FLAWED, SpecError
from gradcert_implementations.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from gradcert_reports import Certificate, Report

__all__ = ["certify_command"]


def _show_details(certificates: "Iterable[Certificate]", console: "Console") -> None:
    """Print what is wrong with each implementation."""
    from gradcert_reports import details

    for text in filter(None, map(details, certificates)):
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _show(report: "Report", console: "Console") -> None:
    """Print what was found: a table, what was not tried, and what is wrong."""
    from gradcert_reports import filled_in, not_tried, summary

    console.print(summary(report.certificates), crop=False)
    for said in (filled_in, not_tried):
        for line in filter(None, map(said, report.certificates)):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    _show_details(report.certificates, console)


@takes_options
def certify_command(
    spec: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC",
            help="A name of gradcert list, path/to/file.py:name or package.module:name, which "
            "may be called with literals, 'name(label_smoothing=0.1)'; a loss or a softmax of "
            "either form behind torch: or jax:, a function behind numpy:; or 'command:program "
            "arguments'. Without SPEC: numpy, torch, jax, each with the plain loss and, with less "
            "effort, with losses that have options; and diagonal-only, which is wrong and must be "
            "refuted.",
        ),
    ] = None,
    options: Options = Options(),  # noqa: B008  # Replaced by the options of its fields.
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Run each implementation in a process of its own, so that a hang or a crash is a "
            "verdict. A program is always isolated.",
        ),
    ] = False,
    time_limit: TimeLimit = None,
    memory_limit: MemoryLimit = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Certify N implementations at the same time, each in a process of its own "
            "(default: the number of cores).",
        ),
    ] = None,
    time_budget: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Seconds for the whole run. When they are over it ends, and keeps what it found.",
        ),
    ] = None,
    max_examples: MaxExamples = MAX_EXAMPLES,
    quick: Quick = False,
    thorough: Thorough = False,
    seed: Seed = 0,
    report: ReportFolder = None,
    quiet: Quiet = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print what certificate.json holds, and nothing else, in place of text."
        ),
    ] = False,
) -> None:
    """Certify implementations.

    Exit status: 0 if all conform (without SPEC, if diagonal-only is refuted and the others
    conform), 1 if any is refuted, broken or not supported, 2 for a usage error, 3 if the time
    budget is used up and nothing wrong was found, 4 if standard output is closed or full, 5 if
    gradcert fails, 130 after an interrupt.
    """
    from gradcert.api import select_subjects, settings_in
    from gradcert.core.endings import no_exit
    from gradcert.core.settings import SearchSettings

    effort = effort_of(quick=quick, thorough=thorough)
    for option, needed in (("--jobs above one", jobs and jobs > 1), ("--time-budget", time_budget)):
        if needed and os.name != "posix":
            usage_error(f"{option} needs POSIX (Linux, macOS): leave it out")
    limits = limits_of(isolate=isolate, time_limit=time_limit, memory_limit=memory_limit)
    make_empty(report)
    with stoppable(time_budget) as budget, no_exit():
        try:
            with kept_streams():
                selection = select_subjects(spec or (), options, limits=limits)
        except SpecError as error:
            usage_error(str(error))

        # Imported only now, so that a usage error is quick.
        from gradcert_reports import Verdict, timing
        from gradcert_reports.model.encoding import encode

        for reason in selection.left_out.values():
            say(f"gradcert: left out: {reason}")
        settings = SearchSettings(max_examples=max_examples, seed=seed, effort=effort)
        with kept_streams():
            found = certified(
                {subject: settings_in(selection, subject, settings) for subject in selection.all},
                directory=report,
                budget=budget,
                jobs=jobs or (available_cores() if os.name == "posix" else 1),
                quiet=quiet,
            )
        for certificate in () if quiet else found.certificates:
            say(f"{certificate.name} took {timing(certificate)}")
        wrong_on_purpose = set() if spec else {*FLAWED}
        surprising = [
            certificate
            for certificate in found.certificates
            if certificate.verdict
            != (Verdict.REFUTED if certificate.origin in wrong_on_purpose else Verdict.CONFORMS)
        ]
        save(found, report)
        with printing(sys.stdout) as console:
            if json:
                # In UTF-8, whatever the terminal knows.
                typer.echo(encode(found), file=console.file)
            elif quiet:
                _show_details(surprising, console)
            else:
                _show(found, console)
    wrong = any(certificate.verdict.wrong for certificate in surprising)
    stop_if_interrupted(found, budget, wrong=wrong)
    raise typer.Exit(bool(surprising))
