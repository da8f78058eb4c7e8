"""Which mutants of a function's gradient a user's tests notice."""

import hashlib
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
from gradcert.audit.own_tests.runs import Command, Ended, run
from gradcert.audit.own_tests.seen import ItemSeen, ProcessSeen
from gradcert_implementations.names import printable
from gradcert_reports.audits.tests_records import AuditedTest, Fate, Outcome

__all__ = ["Baseline", "CannotAudit", "baseline", "digest", "outcomes"]


class CannotAudit(ValueError):
    """Tests that say nothing about mutants. The message is one line."""


class Baseline(msgspec.Struct, frozen=True):
    """The tests as they are, without a mutant.

    Attributes
    ----------
    tests
        What each test did.
    seconds
        How long they took.
    sources
        The digests of the project's files that were loaded, by their paths.
    """

    tests: tuple[AuditedTest, ...]
    seconds: float
    sources: Mapping[str, str]


def _last_words(output: str) -> str:
    """Return the line of pytest that says most about a failure."""
    lines = [printable(line) for line in output.splitlines() if line.strip(" =_-")]
    errors = [line for line in lines if line.startswith("E  ")]
    told = [line for line in lines if line.startswith(("ERROR", "FAILED", "INTERNALERROR"))]
    return (errors[:1] or told[:1] or lines[-1:] or ["it wrote nothing"])[0].removeprefix("E ")


def _ending(status: int | None) -> str:
    """Return how a run ended, in words."""
    if status is not None and status < 0:
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"
    return f"ended with exit status {status}"


def _items(ended: Ended) -> list[ItemSeen]:
    return [one for one in ended.seen if isinstance(one, ItemSeen)]


def _processes(ended: Ended) -> list[ProcessSeen]:
    return [one for one in ended.seen if isinstance(one, ProcessSeen)]


def _never_called(command: Command, processes: list[ProcessSeen]) -> str:
    held = [text for one in processes for text in one.held_by]
    if held:
        return (
            f"the tests never call {command.target} by its name; {', '.join(held)} holds it, and "
            "took it before it could be replaced: replace what the tests call"
        )
    return (
        f"the tests never call {command.target} by its name: name a function that they call; what "
        "was put into a container before it could be replaced is not replaced"
    )


def baseline(command: Command, folder: Path, time_limit: float | None = None) -> Baseline:
    """Run the tests without a mutant.

    Parameters
    ----------
    command
        How they are run.
    folder
        An empty folder, for what the run writes.
    time_limit
        The seconds that they may take.

    Raises
    ------
    CannotAudit
        If they fail, take too long, or never compute the gradient of the function.
    """
    (ended,) = run(command, [None], folder=folder, time_limit=time_limit)
    if ended.status is None:
        raise CannotAudit(
            f"the tests take more than {time_limit:g} seconds without any mutant: give more with "
            "--time-limit"
        )
    items, processes = _items(ended), _processes(ended)
    for one in processes:
        if one.problem:
            raise CannotAudit(one.problem)
    failed = [item.test for item in items if item.failed]
    if failed:
        raise CannotAudit(
            f"{len(failed)} of {len(items)} tests fail without any mutant, {failed[0]} first: "
            f"fix them, or leave them out with --deselect; to see why: {command.line(None)}"
        )
    if ended.status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise CannotAudit("pytest found no tests: name them after --")
    if ended.status != pytest.ExitCode.OK:
        raise CannotAudit(
            f"pytest {_ending(ended.status)} without any mutant: {_last_words(ended.output)}"
        )
    if not any(one.calls for one in processes):
        raise CannotAudit(_never_called(command, processes))
    if not any(one.gradients for one in processes):
        raise CannotAudit(
            f"the tests call {command.target}, and never its gradient: name a function that they "
            "differentiate, or one that returns a gradient as a numpy array"
        )
    tests = [AuditedTest(name=one.test, calls=one.calls, gradients=one.gradients) for one in items]
    sources = {path: digest for one in processes for path, digest in one.sources.items()}
    return Baseline(tuple(tests), ended.seconds, sources)


def digest(command: Command, found: Baseline, *about: str) -> str:
    """Return a digest of all that an outcome depends on, as far as it is known.

    Parameters
    ----------
    command
        How the tests are run.
    found
        The tests as they are.
    about
        What else an outcome depends on.
    """
    whole = [command.target, command.arguments, sorted(found.sources.items()), about]
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()


def _outcome(ended: Ended, command: Command) -> Outcome:
    """Return what became of a mutant, from the run with it."""
    items = _items(ended)
    failed = tuple(item.test for item in items if item.failed)
    changed = sum(item.changed for item in items) + sum(one.changed for one in _processes(ended))
    broken = [item.failure for item in items if item.failure]
    fate, reason = Fate.KILLED, ""
    if ended.status is None:
        reason = "took too long"
    elif failed and not changed and not broken:
        fate, reason = Fate.NOT_TRIED, f"{failed[0]} fails although nothing is changed"
    elif broken and not (failed and changed):
        fate, reason = Fate.NOT_TRIED, f"it cannot be made: {broken[0]}"
    elif ended.status == pytest.ExitCode.OK and not _processes(ended):
        fate, reason = Fate.NOT_TRIED, "the run ended with exit status 0 before pytest did"
    elif ended.status == pytest.ExitCode.OK:
        fate = Fate.SURVIVED if changed else Fate.NO_MEANING
    elif ended.status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        fate, reason = Fate.NOT_TRIED, f"pytest failed: {_last_words(ended.output)}"
    elif not failed:
        reason = f"the run {_ending(ended.status)}: {_last_words(ended.output)}"
    mutant = ALL_MUTANTS[ended.mutant or ""]
    return Outcome(
        mutant=mutant.name,
        sentence=mutant.sentence,
        fate=fate,
        reason=reason,
        failed=failed,
        passed=tuple(item.test for item in items if item.changed and not item.failed),
        seconds=round(ended.seconds, 3),
        command=command.line(mutant.name),
    )


def outcomes(
    command: Command,
    mutants: list[str],
    *,
    folder: Path,
    jobs: int,
    time_limit: float,
) -> Iterator[Outcome]:
    """Run the tests with each mutant, and yield what became of it.

    Parameters
    ----------
    command
        How they are run.
    mutants
        The names of the mutants.
    folder
        An empty folder, for what the runs write.
    jobs
        How many runs go on at the same time.
    time_limit
        The seconds after which a run is ended; its mutant counts as killed.
    """
    for ended in run(command, mutants, folder=folder, jobs=jobs, time_limit=time_limit):
        yield _outcome(ended, command)
