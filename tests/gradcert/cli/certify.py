"""``gradcert certify``: certify implementations, and write a report."""

from pathlib import Path
from typing import Annotated

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.running import (
    certified,
    folder,
    make_ready,
    save,
    stop_if_interrupted,
    usage_error,
)

__all__ = ["certify_command"]


def certify_command(
    spec: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]...",
            help="A name, path/to/file.py:name or package.module:name, a loss of either form "
            "behind torch: or jax:, a function behind numpy:, or 'command:program arguments'. "
            "Without one: all built-ins, of which the wrong ones must be refuted.",
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
    device: Annotated[
        str | None, typer.Option(help="Where a loss behind torch: or jax: is computed.")
    ] = None,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Run each in a process of its own, as a program always is: a hang or a crash is "
            "then a verdict.",
        ),
    ] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="SECONDS", help="Of one call, where isolated; implies --isolate. [60]"
        ),
    ] = None,
    memory_limit: Annotated[
        float | None,
        typer.Option(
            min=0.01, metavar="GIB", help="Of a process, where isolated; implies --isolate. [4]"
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="So many at a time, each in a process. [as many as cores]"),
    ] = None,
    max_examples: Annotated[
        int, typer.Option(min=1, help="Cases that a check with a full share of them tries.")
    ] = MAX_EXAMPLES,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same verdicts and counterexamples.")
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=folder, help="Write the report here: index.html and more."
        ),
    ] = None,
) -> None:
    """Certify implementations.

    Exit status: 0 if all conform (without SPEC: and the wrong ones are refuted), 1 if any is
    refuted, broken or not supported, 2 for a usage error.
    """
    from gradcert.limits import Limits
    from gradcert.selection import EXPECTED, select_subjects
    from gradcert_implementations import SpecError

    limits = Limits(
        seconds=time_limit or Limits.seconds, gigabytes=memory_limit or Limits.gigabytes
    )
    try:
        subjects, left_out = select_subjects(
            spec or (),
            quantities=quantity or (),
            formats=format or (),
            targets=targets,
            device=device,
            limits=limits if isolate or time_limit or memory_limit else None,
        )
    except SpecError as error:
        usage_error(str(error))

    # Not before: a usage error is to be quick.
    import joblib
    from rich.console import Console

    from gradcert_reports import details, summary, timing

    make_ready(report)
    for reason in left_out.values():
        typer.echo(f"gradcert: left out: {reason}", err=True)
    found = certified(
        subjects,
        max_examples=max_examples,
        seed=seed,
        directory=report,
        jobs=jobs or joblib.cpu_count(),
    )
    console = Console()
    console.print(summary(found.certificates))
    for text in filter(None, map(details, found.certificates)):
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    for certificate in found.certificates:
        typer.echo(f"{certificate.name} took {timing(certificate)}", err=True)
    save(found, report)
    stop_if_interrupted(found)
    expected = {} if spec else EXPECTED
    raise typer.Exit(
        any(
            certificate.verdict != expected.get(certificate.origin, "conforms")
            for certificate in found.certificates
        )
    )
