"""``gradcert plan``: which cases every run tries, and what they cost."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from gradcert import MAX_EXAMPLES
from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import Quick, Seed, Thorough, effort_of, takes_options
from gradcert.cli.running import usage_error
from gradcert.cli.streams import kept_streams, printing
from gradcert_implementations import SpecError
from gradcert_implementations.options import Options

if TYPE_CHECKING:
    from rich.table import Table

    from gradcert.core.task import Task
    from gradcert.generation.plan import PlannedCase
    from gradcert_reports import Coverage

__all__ = ["plan_command"]


@dataclass(frozen=True)
class _Costs:
    """The cases of a check on some claims, and what they cost."""

    check: str
    claims: int
    cases: Sequence["PlannedCase"]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many claims, cases, rows, and numbers of the first argument there are."""
        rows = sum(case.rows for case in self.cases)
        numbers = sum(case.rows * case.classes for case in self.cases)
        return self.claims, len(self.cases), rows, numbers

    @property
    def sizes(self) -> str:
        """The numbers of rows and of classes that a case has."""
        from gradcert_reports import listed

        if not self.cases:
            return "none of the plan"
        rows = listed([str(case.rows) for case in self.cases])
        return f"rows {rows}; classes {listed([str(case.classes) for case in self.cases])}"


def _costs(plan: "Mapping[Task, tuple[PlannedCase, ...]]") -> list[_Costs]:
    """Return the costs of each check, in the order of the checks."""
    by_check: dict[str, list[tuple[PlannedCase, ...]]] = {}
    for task, cases in plan.items():
        by_check.setdefault(task.check, []).append(cases)
    return [
        _Costs(check, len(claims), [*chain.from_iterable(claims)])
        for check, claims in by_check.items()
    ]


def _table(*columns: str, numbers: Sequence[str]) -> "Table":
    """Return a table without lines, of which only the last column is wrapped."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in columns:
        if heading in numbers:
            table.add_column(heading, justify="right", no_wrap=True)
        else:
            table.add_column(heading, no_wrap=heading != columns[-1])
    return table


def _checks(costs: Sequence[_Costs]) -> "Table":
    """Return the table of the checks: what each costs, and its sizes."""
    headings = ("claims", "cases", "rows", "numbers")
    table = _table("check", *headings, "sizes", numbers=headings)
    for line in costs:
        table.add_row(line.check, *(f"{count:,}" for count in line.counts), line.sizes)
    table.add_section()
    counts = zip(*(line.counts for line in costs), strict=True)
    table.add_row("all", *(f"{sum(column):,}" for column in counts))
    return table


def _dimensions(coverage: Sequence["Coverage"]) -> "Table":
    """Return the table of the dimensions, with all their items."""
    from gradcert_reports import listed

    table = _table("dimension", "items", "what is tried", numbers=("items",))
    for one in coverage:
        table.add_row(one.dimension, str(len(one.tried)), listed(one.tried))
    return table


@takes_options
def plan_command(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="As for gradcert certify; see there.")
    ],
    options: Options = Options(),  # noqa: B008  # Replaced by the options of its fields.
    quick: Quick = False,
    thorough: Thorough = False,
    seed: Seed = 0,
) -> None:
    """Show which cases a run is sure to try, and what they cost.

    The first table shows the checks: how many claims each examines, with how many cases, rows and
    numbers, and the sizes of its cases. The second shows the dimensions of the plan with all their
    items. Hypothesis draws more cases beside these. The command loads the implementation and does
    not call it.

    Exit status: 0, 2 for a usage error, 4 if standard output is closed or full, 5 if gradcert
    fails, 130 after an interrupt.
    """
    from gradcert.api import subject_of
    from gradcert.core.settings import SearchSettings

    effort = effort_of(quick=quick, thorough=thorough)
    try:
        with stoppable(), kept_streams():
            subject = subject_of(spec, options)
    except SpecError as error:
        usage_error(str(error))

    # Imported only now, so that a usage error is quick.
    from gradcert.engine.coverage import extended, planned_cases

    settings = SearchSettings(max_examples=MAX_EXAMPLES, seed=seed, effort=effort)
    plan = planned_cases(subject, settings)
    with printing(sys.stdout) as console:
        console.print(_checks(_costs(plan)))
        console.print(_dimensions(extended((), chain.from_iterable(plan.values()))))
