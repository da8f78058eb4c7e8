"""``gradcert list`` and ``gradcert explain``: the built-ins and the catalogue of flaws."""

import sys
from typing import Annotated

import typer

from gradcert.cli.running import usage_error
from gradcert.cli.streams import printing

__all__ = ["explain_command", "list_command"]


def list_command(
    flaws: Annotated[
        bool,
        typer.Option("--flaws", help="List the known flaws instead. Each can be certified."),
    ] = False,
) -> None:
    """List the implementations that come with gradcert.

    Exit status: 0, or 4 if standard output is closed or full.
    """
    from rich.table import Table

    from gradcert_implementations import (
        BUILT_IN,
        FLAWED,
        LEDGER_FORMULAS,
        LIBRARIES,
        Flaw,
        documented,
        load,
        plugged_in,
    )
    from gradcert_reports import cell

    if flaws:
        table = Table("id", "kind", "what is wrong", box=None)
        for known in map(load, FLAWED):
            assert isinstance(known, Flaw)
            table.add_row(known.name, known.kind, documented(known.name)[0])
        with printing(sys.stdout) as console:
            console.print(table)
            typer.echo("\ngradcert explain ID explains a flaw.")
        return
    table = Table("name", "", box=None)
    for name in BUILT_IN | LEDGER_FORMULAS | LIBRARIES:
        table.add_row(name, documented(name)[0])
    for name, point in plugged_in().items():
        package = point.dist.name if point.dist else "a package"
        table.add_row(cell(name), cell(f"{point.value}, of {package}"))
    with printing(sys.stdout) as console:
        console.print(table)
        typer.echo(
            "\nThe gradient of a library needs the extra of the same name, such as gradcert[optax]."
        )
        typer.echo(f"{len(FLAWED)} more are wrong on purpose: see gradcert list --flaws")


def explain_command(
    flaw: Annotated[str, typer.Argument(metavar="ID", help="One of gradcert list --flaws.")],
) -> None:
    """Explain a known flaw.

    The text says what the flaw computes, how people make the mistake, and which input shows it.

    Exit status: 0, 2 for a usage error, or 4 if standard output is closed or full.
    """
    from gradcert_implementations import FLAWED, Flaw, did_you_mean, load

    if flaw not in FLAWED:
        nearest = did_you_mean(flaw, FLAWED)
        usage_error(f"there is no flaw {flaw!r}: {nearest}see gradcert list --flaws")
    from gradcert.engine.flaw_story import explain  # It takes a second to import.

    known = load(flaw)
    assert isinstance(known, Flaw)
    with printing(sys.stdout):
        typer.echo(explain(known))
