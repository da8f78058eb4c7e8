"""``gradcert list`` and ``gradcert explain``: the built-ins and the catalogue of flaws."""

from typing import Annotated

import typer

from gradcert.cli.running import usage_error

__all__ = ["explain_command", "list_command"]


def list_command(
    flaws: Annotated[
        bool,
        typer.Option("--flaws", help="List the known flaws instead. Each can be certified."),
    ] = False,
) -> None:
    """List the implementations that come with gradcert."""
    from rich.console import Console
    from rich.table import Table

    from gradcert_implementations import (
        BUILT_IN,
        FLAWED,
        LEDGER_FORMULAS,
        LIBRARIES,
        documented,
        plugged_in,
    )

    table = Table("id" if flaws else "name", "what is wrong" if flaws else "", box=None)
    for name in FLAWED if flaws else BUILT_IN | LEDGER_FORMULAS | LIBRARIES:
        table.add_row(name, documented(name)[0])
    for name, point in () if flaws else plugged_in().items():
        table.add_row(name, f"{point.value}, of {point.dist.name if point.dist else 'a package'}")
    Console().print(table)
    if flaws:
        typer.echo("\ngradcert explain ID explains a flaw.")
    else:
        typer.echo(
            "\nThe gradient of a library needs the extra of the same name, such as gradcert[optax]."
        )
        typer.echo(f"{len(FLAWED)} more are wrong on purpose: see gradcert list --flaws")


def explain_command(
    flaw: Annotated[str, typer.Argument(metavar="ID", help="One of gradcert list --flaws.")],
) -> None:
    """Explain a known flaw.

    The text says what the flaw computes, how people make the mistake, and which input shows it.

    Exit status: 0, or 2 for a usage error.
    """
    from gradcert_implementations import FLAWED, Flaw, did_you_mean, load

    if flaw not in FLAWED:
        nearest = did_you_mean(flaw, FLAWED)
        usage_error(f"there is no flaw {flaw!r}: {nearest}see gradcert list --flaws")
    from gradcert.cli.flaw_story import explain  # It takes a second to import.

    known = load(flaw)
    assert isinstance(known, Flaw)
    typer.echo(explain(known))
