"""``gradcert claims``: the ledger of the eight claims."""

import sys

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import MaxExamples, Quick, Quiet, ReportFolder, Seed, Thorough, effort_of
from gradcert.cli.running import certified, make_empty, save, stop_if_interrupted
from gradcert.cli.streams import printing

__all__ = ["claims_command"]


def claims_command(
    max_examples: MaxExamples = MAX_EXAMPLES,
    quick: Quick = False,
    thorough: Thorough = False,
    seed: Seed = 0,
    report: ReportFolder = None,
    quiet: Quiet = False,
) -> None:
    """Certify or refute the eight claims that gradcert is about.

    Exit status: 0 if every verdict is the expected one, 1 if not, 2 for a usage error, 4 if
    standard output is closed or full, 5 if gradcert fails, 130 after an interrupt.
    """
    from msgspec.structs import replace

    from gradcert.cli.ledger import ENTRIES, LEDGER
    from gradcert.core.settings import SearchSettings
    from gradcert_reports import ledger

    effort = effort_of(quick=quick, thorough=thorough)
    make_empty(report)
    subjects = [line.implementation() for line in LEDGER]
    settings = SearchSettings(max_examples=max_examples, seed=seed, effort=effort)
    with stoppable() as budget:
        found = certified(
            dict.fromkeys(subjects, settings),
            directory=report,
            budget=budget,
            ledger=ENTRIES,
            quiet=quiet,
        )
        save(found, report)
        surprising = tuple(
            entry
            for entry in ENTRIES
            if found.certificates[entry.certificate].verdict != entry.expected
        )
        with printing(sys.stdout) as console:
            if surprising or not quiet:
                console.print(ledger(replace(found, ledger=surprising) if quiet else found))
    stop_if_interrupted(found)
    raise typer.Exit(bool(surprising))
