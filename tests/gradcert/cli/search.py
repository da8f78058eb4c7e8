"""``gradcert search``: look for the worst case, for hours, on every core or on a cluster."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcert.cli.beginning import (
    beginning,
    check_files,
    check_folder,
    check_limits,
    going_on,
    journal_in,
)
from gradcert.cli.interrupts import stoppable
from gradcert.cli.options import (
    MemoryLimit,
    Quiet,
    Seed,
    TimeLimit,
    folder,
    limits_of,
    takes_options,
)
from gradcert.cli.running import available_cores, make_ready, usage_error
from gradcert.cli.statuses import Status
from gradcert.cli.streams import kept_streams, printing, say
from gradcert_implementations import SpecError
from gradcert_implementations.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradcert.campaign.journal import Journal
    from gradcert.campaign.requests import Request
    from gradcert.campaign.searching import Campaign, Standing
    from gradcert_implementations import Implementation

__all__ = ["search_command"]


@contextmanager
def _progress_line(*, quiet: bool) -> "Iterator[Callable[[Standing, int], None]]":
    """Show one line on standard error that says how far a search is; none without a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from gradcert_reports.searches.phrases import count, duration

    bar = Console(stderr=True)
    with Progress(
        BarColumn(20),
        TextColumn("{task.description}", markup=False),
        console=bar,
        transient=True,
        disable=quiet or not bar.is_terminal,
    ) as shown:
        task = shown.add_task("starting", total=None)
        first: list[tuple[int, float]] = []

        def update(now: "Standing", workers: int) -> None:
            first[:] = first or [(now.rows, now.seconds)]
            rows, seconds = now.rows - first[0][0], now.seconds - first[0][1]
            said = [f"{count(now.rows)} rows"]
            if seconds > 0:
                said.append(f"{count(rows / seconds)} a second")
            said.append(f"{workers} worker{'s' if workers > 1 else ''}")
            said.append(f"worst {now.worst.budgets:.3g} budgets")
            if now.refuted:
                said.append(f"{now.refuted} claim{'s are' if now.refuted > 1 else ' is'} wrong")
            if now.part:
                said.append(f"{duration(now.seconds * (1 - now.part) / now.part)} left")
            shown.update(task, description=", ".join(said), completed=now.part, total=1)

        yield update


@contextmanager
def _written() -> Iterator[None]:
    """End in a usage error where the folder cannot be written to."""
    from gradcert.campaign.journal import CannotWriteError

    try:
        yield
    except CannotWriteError as error:
        usage_error(
            f"{error}; what was found before is kept, and gradcert search --into goes on with it"
        )


def _way_on(into: Path) -> str:
    return f"gradcert search --into {into} goes on from here"


def _subject(request: "Request") -> "Implementation":
    """Load the subject."""
    from gradcert.campaign.examining import loaded

    try:
        with kept_streams():
            return loaded(request)[0]
    except SpecError as error:
        usage_error(str(error))


def _campaign(journal: "Journal") -> "Campaign":
    """Return the search; end in a usage error if there is nothing to search."""
    from gradcert.campaign.journal import OtherSearch
    from gradcert.campaign.searching import Campaign

    try:
        found = Campaign(journal)
    except OtherSearch as error:
        usage_error(str(error))
    if not found.claims:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in found.left_out.items())
        usage_error(f"nothing to search: {reasons}")
    return found


def _run(
    campaign: "Campaign", journal: "Journal", address: str | None, jobs: int, *, quiet: bool
) -> Status | None:
    """Search until nothing is left. Return why it ended before, if it did."""
    from gradcert.campaign.cluster import connected
    from gradcert.campaign.crew import ClusterError, NoClusterError
    from gradcert.campaign.journal import OtherSearch

    way_on = _way_on(journal.directory)

    try:
        with (
            journal.alone(),
            connected(address, jobs, campaign.started) as crew,
            _progress_line(quiet=quiet) as show,
        ):
            for standing in campaign.run(crew, uploaded=address is not None):
                show(standing, crew.workers)
    except KeyboardInterrupt:
        say(f"interrupted: {way_on}")
        return Status.INTERRUPTED
    except OtherSearch as error:
        usage_error(f"{error}; choose another --into")
    except NoClusterError as error:
        usage_error(str(error))
    except ClusterError as error:
        say(f"gradcert: {error}; {way_on}" if error.goes_on else f"gradcert: {error}")
        return Status.INCOMPLETE
    return None


@takes_options
def search_command(
    into: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            parser=folder,
            help="The folder of the search: what is found, and its pages. A search that was "
            "stopped goes on if you name its folder; SPEC may be left out then.",
        ),
    ],
    spec: Annotated[
        str | None,
        typer.Argument(metavar="SPEC", help="What is searched, as gradcert certify takes it."),
    ] = None,
    options: Options = Options(),  # noqa: B008  # Replaced by the options of its fields.
    hours: Annotated[
        float | None,
        typer.Option(metavar="H", help="End after this number of hours of all runs."),
    ] = None,
    rows: Annotated[
        float | None,
        typer.Option(metavar="N", help="End after this number of rows, such as 1e8."),
    ] = None,
    exhaustive: Annotated[
        bool,
        typer.Option(
            "--exhaustive",
            help="Try every difference of two logits that binary16, bfloat16 and binary32 have, in "
            "place of drawn rows.",
        ),
    ] = False,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate", help="Run the implementation in processes of its own, one for each worker."
        ),
    ] = False,
    time_limit: TimeLimit = None,
    memory_limit: MemoryLimit = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The address of a Dask scheduler, such as tcp://127.0.0.1:8786. Without it the "
            "cores of this machine work.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Workers on this machine (default: the number of cores)."
        ),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Write the pages of what is found so far, and search no more."
        ),
    ] = False,
) -> None:
    """Search for the worst case, for hours.

    Exit status: 0 if no row is wrong, 1 if a claim is refuted, broken or not supported, 2 for a
    usage error, 3 if the search cannot go on and nothing wrong was found, 4 if standard output is
    closed or full, 5 if gradcert fails, 130 after an interrupt.
    """
    if find_spec("distributed") is None:
        usage_error("gradcert search needs Dask; install it with pip install 'gradcert[cluster]'")
    from gradcert.campaign.journal import writing
    from gradcert.campaign.requests import Request
    from gradcert.core.endings import no_exit
    from gradcert.core.limits import Limits
    from gradcert_reports.searches.files import write_search
    from gradcert_reports.searches.text import search_text

    limits = limits_of(isolate=isolate, time_limit=time_limit, memory_limit=memory_limit)
    if limits and not max(limits.seconds, limits.gigabytes) < inf:
        usage_error("--time-limit or --memory-limit is inf: leave it out, or name a number")
    unknown = f"no search in {into}: name a SPEC to begin one"
    if spec is None and not into.is_dir():
        usage_error(unknown)
    make_ready(into)
    journal = journal_in(into)
    before = journal.started
    if before is None and any(into.iterdir()):
        usage_error(f"{into} is not empty, and holds no search: choose another --into")
    if spec is not None:
        request = Request(
            spec=spec,
            options=options,
            limits=limits or (Limits() if spec.startswith("command:") else None),
            seed=seed,
            exhaustive=exhaustive,
        )
    elif before is None:
        usage_error(unknown)
    elif options != Options() or limits or exhaustive or seed:
        usage_error(
            f"the search in {into} has its options already: leave them out, or give SPEC too"
        )
    else:
        request = before.request
    if before is not None and request != before.request:
        usage_error(
            f"{into} holds another search, begun by {before.command}: choose another --into"
        )
    check_limits(request, hours, rows, begins=before is None)
    ended = None
    with stoppable(), no_exit(), _written():
        if before is not None:
            check_folder(before)
        if before is not None and not report:
            check_files(before)
        subject = _subject(request)
        started = beginning(request, subject.library, hours, rows)
        if before is not None:
            started = before if report else going_on(before, started)
        journal.started = started
        campaign = _campaign(journal)
        if not (report or campaign.ended):
            ended = _run(campaign, journal, cluster, jobs or available_cores(), quiet=quiet)
        try:
            if not report or before is None:
                # Before its pages: a folder without it holds no search.
                journal.begin(started)
            found = campaign.search()
            with writing(into):
                pages = write_search(found, into)
        except KeyboardInterrupt:
            say(f"interrupted: {_way_on(into)}")
            raise typer.Exit(Status.INTERRUPTED) from None
        for path in pages:
            say(f"wrote {path}")
        with printing(sys.stdout) as console:
            if found.found or not quiet:
                console.print(search_text(found), soft_wrap=True, markup=False, highlight=False)
    if ended is Status.INTERRUPTED or (ended is not None and not found.found):
        raise typer.Exit(ended)
    raise typer.Exit(bool(found.found))
