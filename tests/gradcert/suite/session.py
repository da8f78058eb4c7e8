"""What the tests of one pytest run share: its subjects, its seed, and what examines them."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from zlib import crc32

import msgspec
import pytest

from gradcert.api import Selection, select_subjects, settings_in
from gradcert.checks import CHECKS, Planned
from gradcert.core.clock import since
from gradcert.core.endings import no_exit
from gradcert.core.interruption import interruptible
from gradcert.core.limits import Limits
from gradcert.core.settings import Effort, SearchSettings
from gradcert.core.task import Task
from gradcert.engine.certification import begun, grown
from gradcert.engine.coverage import extended, planned_cases, tried_by, untried
from gradcert.engine.examiner import Examiner
from gradcert.engine.provenance import provenance
from gradcert.generation.plan import PlannedCase
from gradcert_implementations import Implementation, Options
from gradcert_reports import Certificate, CheckResult, Coverage, diagnosed, explanation, in_short

__all__ = ["FOUND", "failure_of", "result_of_test", "seed_of", "settings_of", "subjects_of"]

FOUND = pytest.StashKey[Certificate]()
"""Where a test leaves what it found."""


@dataclass(frozen=True)
class _Key:
    """The tests that share an examination: those of one subject with the same settings."""

    subject: int
    settings: SearchSettings


@dataclass(frozen=True)
class _Examination:
    """What the tests of one subject share: its examiner, and the plan of its cases.

    Attributes
    ----------
    cases
        The planned cases of each check.
    untried
        The coverage before the first check.
    found
        What each check has found, in this process.
    """

    examiner: Examiner
    cases: Mapping[Task, tuple[PlannedCase, ...]]
    untried: tuple[Coverage, ...]
    found: dict[Task, CheckResult] = field(default_factory=dict)

    def check(self, task: Task) -> CheckResult:
        """Return what a check finds.

        The first calls of its claim come before it, in whatever order the tests run. They cannot
        be repeated, and a fault does not go away when its test is run again.
        """
        for first in (replace(task, check=name) for name in _OPENING):
            if first in self.cases and first not in self.found:
                self.found[first] = self.examiner.check(first)
        known = self.found.get(task)
        if known is None or not (known.verdict.wrong or task.check in _OPENING):
            self.found[task] = self.examiner.check(task)
        return self.found[task]


_OPENING = [check.id for check in CHECKS if check.opens]

_SELECTED = pytest.StashKey[Selection]()
_SEED = pytest.StashKey[int]()
_EXAMINATIONS = pytest.StashKey[dict[_Key, _Examination]]()


def subjects_of(config: pytest.Config) -> Selection:
    """Return what pytest's command line selects; see :func:`select_subjects`."""
    if _SELECTED not in config.stash:
        given = {
            option.name: config.getoption(f"gradcert_{option.name}") for option in fields(Options)
        }
        config.stash[_SELECTED] = select_subjects(
            config.getoption("gradcert_specs"),
            Options(**given),
            limits=Limits() if config.getoption("gradcert_isolate") else None,
        )
    return config.stash[_SELECTED]


def seed_of(config: pytest.Config) -> int:
    """Return the number given as ``--hypothesis-seed``, a new one for ``random``, else 0."""
    if _SEED not in config.stash:
        given = config.getoption("hypothesis_seed", None) or 0
        if given == "random":
            # The workers of pytest-xdist must draw the same cases, and share only the run's name.
            run = getattr(config, "workerinput", {}).get("testrunuid", uuid.uuid4().hex)
            given = crc32(run.encode())
        config.stash[_SEED] = int(given)
    return config.stash[_SEED]


def settings_of(config: pytest.Config, subject: Implementation) -> SearchSettings:
    """Return the settings of the search that pytest's command line asks for, for a subject."""
    settings = SearchSettings(
        max_examples=config.getoption("gradcert_max_examples"),
        seed=seed_of(config),
        effort=Effort.flagged(
            quick=config.getoption("gradcert_quick"),
            thorough=config.getoption("gradcert_thorough"),
        ),
    )
    return settings_in(subjects_of(config), subject, settings)


def _examination(
    config: pytest.Config, subject: Implementation, settings: SearchSettings
) -> _Examination:
    """Return what the tests of `subject` share until the run ends, such as one process."""
    examinations = config.stash.setdefault(_EXAMINATIONS, {})
    key = _Key(id(subject), settings)
    if key not in examinations:
        examiner = Examiner(subject, settings)
        examinations[key] = _Examination(
            examiner, planned_cases(subject, settings), untried(subject, settings)
        )
        config.add_cleanup(examiner.end)
    return examinations[key]


@contextmanager
def _examining(
    request: pytest.FixtureRequest, subject: Implementation, settings: SearchSettings
) -> Iterator[_Examination]:
    """Yield what the tests of a subject share, to a test that its time limit may end."""
    shared = _examination(request.config, subject, settings)
    try:
        with interruptible():
            yield shared
    except BaseException as error:
        # A process that answers late would answer the next test.
        shared.examiner.end()
        if isinstance(error, pytest.fail.Exception):
            # Where the subject was says more than a traceback through the suite.
            where = getattr(error, "__notes__", [])
            raise pytest.fail.Exception("\n".join([str(error), *where]), pytrace=False) from None
        raise


def result_of_test(
    request: pytest.FixtureRequest, planned: Planned, settings: SearchSettings
) -> CheckResult:
    """Run a check on a claim as a test, and leave the result where the report looks for it.

    A test that runs several checks leaves all results.
    """
    subject = planned.claim.implementation
    now = provenance(subject, settings)
    with _examining(request, subject, settings) as shared, no_exit():
        before = shared.examiner.spent
        result = shared.check(planned.task)
    took = {planned.task: shared.examiner.took[planned.task]}
    ended = now(since(before, shared.examiner.spent), took)
    start = begun(subject, coverage=shared.untried, provenance=ended)
    former = request.node.stash.get(FOUND, start)
    request.node.stash[FOUND] = grown(
        former,
        (*former.results, result),
        coverage=extended(former.coverage, tried_by(result, shared.cases)),
        provenance=ended,
        observed=shared.examiner.observed,
    )
    return result


def failure_of(
    request: pytest.FixtureRequest,
    planned: Planned,
    result: CheckResult,
    settings: SearchSettings,
) -> str:
    """Return the text of a failed test: what refutes the claim, and which mistake it is."""
    with _examining(request, planned.claim.implementation, settings) as shared, no_exit():
        diagnoses = shared.examiner.diagnoses([result])
    found = request.node.stash[FOUND]
    request.node.stash[FOUND] = msgspec.structs.replace(found, diagnoses=diagnoses)
    # Pytest's summary shows the first line only.
    return "\n".join([in_short(result), explanation(result), *map(diagnosed, diagnoses)])
