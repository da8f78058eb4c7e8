"""``gradcert claims``: the ledger of the eight claims."""

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.options import MaxExamples, Quick, ReportFolder, Seed, Thorough, effort_of
from gradcert.cli.running import certified, make_ready, save, stop_if_interrupted

__all__ = ["claims_command"]


def claims_command(
    max_examples: MaxExamples = MAX_EXAMPLES,
    quick: Quick = False,
    thorough: Thorough = False,
    seed: Seed = 0,
    report: ReportFolder = None,
) -> None:
    """Certify or refute the eight claims that gradcert is about.

    Exit status: 0 if every verdict is the expected one, 1 if not, 2 for a usage error, 130 after
    an interrupt.
    """
    from rich.console import Console

    from gradcert.cli.ledger import ENTRIES, LEDGER
    from gradcert.core.settings import SearchSettings
    from gradcert_reports import ledger

    effort = effort_of(quick=quick, thorough=thorough)
    make_ready(report)
    subjects = [line.implementation() for line in LEDGER]
    settings = SearchSettings(max_examples=max_examples, seed=seed, effort=effort)
    found = certified(dict.fromkeys(subjects, settings), directory=report, ledger=ENTRIES)
    Console().print(ledger(found))
    save(found, report)
    stop_if_interrupted(found)
    raise typer.Exit(
        any(found.certificates[entry.certificate].verdict != entry.expected for entry in ENTRIES)
    )
