"""``gradcert certify``: certify implementations, and write a report."""

import os
from typing import Annotated

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.options import (
    MaxExamples,
    Quick,
    ReportFolder,
    Seed,
    Thorough,
    effort_of,
    takes_options,
)
from gradcert.cli.running import (
    available_cores,
    certified,
    make_ready,
    save,
    stop_if_interrupted,
    usage_error,
)
from gradcert_implementations import FLAWED, SpecError
from gradcert_implementations.names import printable
from gradcert_implementations.options import Options

__all__ = ["certify_command"]


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
            "verdict. Programs always run like this.",
        ),
    ] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Seconds allowed per call (default 60); implies --isolate.",
        ),
    ] = None,
    memory_limit: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            metavar="GIB",
            help="GiB of memory that the process may use (default 4); implies --isolate.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Certify N implementations at the same time, each in a process of its own "
            "(default: the number of cores).",
        ),
    ] = None,
    max_examples: MaxExamples = MAX_EXAMPLES,
    quick: Quick = False,
    thorough: Thorough = False,
    seed: Seed = 0,
    report: ReportFolder = None,
) -> None:
    """Certify implementations.

    Exit status: 0 if all conform (without SPEC, if diagonal-only is refuted and the others
    conform), 1 if any is refuted, broken or not supported, 2 for a usage error, 130 after an
    interrupt.
    """
    from gradcert.api import select_subjects, settings_in
    from gradcert.core.limits import Limits, memory_can_be_limited
    from gradcert.core.settings import SearchSettings

    effort = effort_of(quick=quick, thorough=thorough)
    if jobs and jobs > 1 and os.name != "posix":
        usage_error("--jobs above one needs POSIX (Linux, macOS): leave it out")
    if (isolate or time_limit or memory_limit) and not memory_can_be_limited():
        typer.echo("gradcert: memory cannot be limited on this system", err=True)
    limits = Limits(
        seconds=time_limit or Limits.seconds, gigabytes=memory_limit or Limits.gigabytes
    )
    try:
        selection = select_subjects(
            spec or (), options, limits=limits if isolate or time_limit or memory_limit else None
        )
    except SpecError as error:
        usage_error(str(error))

    # Imported only now, so that a usage error is quick.
    from rich.console import Console

    from gradcert_reports import Verdict, details, filled_in, not_tried, summary, timing

    make_ready(report)
    for reason in selection.left_out.values():
        typer.echo(printable(f"gradcert: left out: {reason}"), err=True)
    settings = SearchSettings(max_examples=max_examples, seed=seed, effort=effort)
    found = certified(
        {subject: settings_in(selection, subject, settings) for subject in selection.all},
        directory=report,
        jobs=jobs or (available_cores() if os.name == "posix" else 1),
    )
    console = Console()
    console.print(summary(found.certificates))
    for line in filter(None, map(filled_in, found.certificates)):
        console.print(line, markup=False, highlight=False)
    for line in filter(None, map(not_tried, found.certificates)):
        console.print(line, markup=False, highlight=False)
    for text in filter(None, map(details, found.certificates)):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for certificate in found.certificates:
        typer.echo(f"{certificate.name} took {timing(certificate)}", err=True)
    save(found, report)
    stop_if_interrupted(found)
    wrong_on_purpose = set() if spec else {*FLAWED}
    raise typer.Exit(
        any(
            certificate.verdict
            != (Verdict.REFUTED if certificate.origin in wrong_on_purpose else Verdict.CONFORMS)
            for certificate in found.certificates
        )
    )
