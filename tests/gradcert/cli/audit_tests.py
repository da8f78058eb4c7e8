"""``gradcert audit pytest``: which wrong gradients the user's tests let through."""

import os
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import folder
from gradcert.cli.running import make_ready, usage_error, writing
from gradcert.cli.statuses import Status
from gradcert.cli.streams import printing, say
from gradcert.core.progress import progress_bar
from gradcert_implementations.names import known_names

if TYPE_CHECKING:
    from gradcert.audit.own_tests.runs import Command
    from gradcert.audit.own_tests.tests_audit import Baseline
    from gradcert_reports.audits.tests_records import Outcome

__all__ = ["audit_tests_command"]

_LEAST, _TIMES = 30.0, 10.0
"""Without --time-limit a run may take the first number of seconds, and the second number of times
as long as the run without a mutant."""


def _baseline(command: "Command", time_limit: float | None) -> "Baseline":
    """Run the tests as they are; end in a usage error if they say nothing about mutants."""
    from gradcert.audit.own_tests.tests_audit import CannotAudit, baseline

    with TemporaryDirectory() as scratch:
        try:
            return baseline(command, Path(scratch), time_limit)
        except CannotAudit as error:
            usage_error(str(error))
        except ValueError as error:
            _refuse(error)


def _refuse(error: ValueError) -> NoReturn:
    """End in a usage error where something else wrote into the record of a run."""
    usage_error(
        f"the tests wrote into the file of GRADCERT_AUDIT_RECORD: {error}; leave that variable "
        "alone"
    )


def _tried(
    command: "Command",
    mutants: list[str],
    done: list["Outcome"],
    *,
    jobs: int,
    time_limit: float,
    directory: Path | None,
) -> list["Outcome"]:
    """Return what became of each mutant, with what an earlier run found.

    Each outcome is written down when it comes. Ctrl-C ends the command.
    """
    from gradcert.audit.own_tests.tests_audit import outcomes
    from gradcert_reports.audits.tests_files import add_outcome

    found = {outcome.mutant: outcome for outcome in done}
    left = [name for name in mutants if name not in found]
    with TemporaryDirectory() as scratch, progress_bar() as progress, writing(directory):
        task = progress.add_task("", total=len(mutants), completed=len(mutants) - len(left))
        try:
            for outcome in outcomes(
                command, left, folder=Path(scratch), jobs=jobs, time_limit=time_limit
            ):
                found[outcome.mutant] = outcome
                progress.update(task, advance=1, description=f"{outcome.mutant} {outcome.fate}")
                if directory is not None:
                    add_outcome(directory, outcome)
        except KeyboardInterrupt:
            going_on = "; the same command goes on from here" if directory is not None else ""
            progress.stop()
            say(f"interrupted: {len(found)} of {len(mutants)} mutants were tried{going_on}")
            raise typer.Exit(Status.INTERRUPTED) from None
        except ValueError as error:
            _refuse(error)
    return [found[name] for name in mutants]


def audit_tests_command(
    replace: Annotated[
        str,
        typer.Option(
            metavar="MODULE:NAME",
            help="The function whose gradient is made wrong, as the tests import it, such as "
            "my_kernels.ce:fused_cross_entropy; a class or Class.method, too.",
        ),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- [ARGUMENTS]", help="What pytest is given."),
    ] = None,
    mutant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Try this mutant only; may be repeated."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs of the tests at the same time.")
    ] = 1,
    time_limit: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Seconds that a run of the tests may take; a mutant that takes longer is killed "
            "(default: 30 seconds, plus ten times what they take without a mutant).",
        ),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="PERCENT",
            help="End with status 1 if fewer of the mutants are killed.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=folder,
            help="Write report.md and audit.json into this folder. A run that was interrupted "
            "goes on from there.",
        ),
    ] = None,
) -> None:
    """Show which wrong gradients your own tests let through.

    The tests run once as they are, and once for each mutant: with the gradient of your function
    made wrong in one way, up to the first test that fails.

    Exit status: 0, or 1 if the score is under --fail-under, 2 for a usage error or tests that fail
    without any mutant, 4 if standard output is closed or full, 130 after an interrupt.
    """
    from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
    from gradcert.audit.own_tests.runs import Command
    from gradcert.audit.own_tests.targets import Target
    from gradcert.audit.own_tests.tests_audit import digest
    from gradcert.engine.provenance import versions
    from gradcert_reports.audits.tests_files import (
        begin_outcomes,
        clear_tests_audit,
        read_outcomes,
        write_tests_audit,
    )
    from gradcert_reports.audits.tests_records import AuditOfTests, score
    from gradcert_reports.audits.tests_text import tests_text

    if os.name != "posix":
        usage_error("gradcert audit pytest needs POSIX (Linux, macOS)")
    try:
        mutants = list(known_names("mutant", mutant or ALL_MUTANTS, tuple(ALL_MUTANTS)))
        command = Command(str(Target.named(replace)), tuple(arguments or ()))
        command.line(None).encode()
    except UnicodeEncodeError:
        usage_error("an argument of pytest is not UTF-8: rename that file, or name its folder")
    except ValueError as error:
        usage_error(str(error))
    make_ready(report)
    if report is not None:
        with writing(report):
            clear_tests_audit(report)
    version = versions()["gradcert"]
    with stoppable():
        found = _baseline(command, time_limit)
        done: list[Outcome] = []
        if report is not None:
            key = digest(command, found, version, platform.python_version(), str(time_limit))
            with writing(report):
                done = read_outcomes(report, key)
                begin_outcomes(report, key, done)
            if done:
                say(f"{len(done)} mutants were tried before, and nothing has changed")
        tried = _tried(
            command,
            mutants,
            done,
            jobs=jobs,
            time_limit=time_limit or _LEAST + _TIMES * found.seconds,
            directory=report,
        )
    audit = AuditOfTests(
        gradcert=version,
        replaced=command.target,
        arguments=command.arguments,
        seconds=round(found.seconds, 3),
        tests=found.tests,
        outcomes=tuple(tried),
        score=score(tuple(tried)),
    )
    if report is not None:
        with writing(report):
            for path in write_tests_audit(audit, report):
                say(f"wrote {path}")
    with printing(sys.stdout) as console:
        console.print(tests_text(audit), soft_wrap=True, markup=False, highlight=False)
    if fail_under is not None:
        if audit.score is None:
            usage_error("no mutant changed a gradient, so there is no score for --fail-under")
        if audit.score < fail_under:
            raise typer.Exit(Status.WRONG)
