"""``gradcert list`` and ``gradcert explain``: what is built in, and the catalogue of flaws."""

from typing import Annotated

import typer

from gradcert.cli.running import usage_error

__all__ = ["explain_command", "list_command"]


def list_command(
    flaws: Annotated[
        bool, typer.Option("--flaws", help="The catalogue of flaws instead: each can be certified.")
    ] = False,
) -> None:
    """Show what is built in."""
    from rich.console import Console
    from rich.table import Table

    from gradcert_implementations import (
        BUILT_IN,
        CLAIMED,
        FLAWED,
        LIBRARIES,
        documented,
        plugged_in,
    )

    table = Table("id" if flaws else "name", "what is wrong" if flaws else "", box=None)
    for name in FLAWED if flaws else BUILT_IN | CLAIMED | LIBRARIES:
        table.add_row(name, documented(name)[0])
    for name, point in () if flaws else plugged_in().items():
        table.add_row(name, f"{point.value}, of {point.dist.name if point.dist else 'a package'}")
    Console().print(table)
    if flaws:
        typer.echo("\ngradcert explain ID tells the story of one.")
    else:
        typer.echo(
            "\nA library's own gradient needs the extra with its name, such as gradcert[optax]."
        )
        typer.echo(f"{len(FLAWED)} more are wrong on purpose: gradcert list --flaws")


def explain_command(
    flaw: Annotated[str, typer.Argument(metavar="ID", help="One of gradcert list --flaws.")],
) -> None:
    """Tell the story of a known flaw: what it computes, who makes it, what exposes it."""
    from difflib import get_close_matches

    from gradcert.cli.flaw_story import explain
    from gradcert_implementations import FLAWED, Flaw, load

    if flaw not in FLAWED:
        near = get_close_matches(flaw.lower(), FLAWED)
        hint = f"did you mean {' or '.join(near)}?" if near else "see gradcert list --flaws"
        usage_error(f"there is no flaw {flaw!r}: {hint}")
    known = load(flaw)
    assert isinstance(known, Flaw)
    typer.echo(explain(known))
