"""``gradcert claims``: the ledger of the seven claims."""

from pathlib import Path
from typing import Annotated

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.running import certified, folder, make_ready, save, stop_if_interrupted

__all__ = ["claims_command"]


def claims_command(
    max_examples: Annotated[
        int, typer.Option(min=1, help="Number of cases for a check with a full share.")
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
    """Certify or refute the seven claims that gradcert grew from.

    Exit status: 0 if every verdict is the one that is known to be right, 1 if not.
    """
    from rich.console import Console

    from gradcert.cli.ledger import ENTRIES, LEDGER
    from gradcert_reports import ledger

    make_ready(report)
    subjects = [line.implementation() for line in LEDGER]
    found = certified(
        subjects, max_examples=max_examples, seed=seed, directory=report, ledger=ENTRIES
    )
    Console().print(ledger(found))
    save(found, report)
    stop_if_interrupted(found)
    raise typer.Exit(
        any(found.certificates[entry.certificate].verdict != entry.expected for entry in ENTRIES)
    )
