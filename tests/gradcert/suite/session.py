"""What the tests of one pytest run share: its subjects, its seed, and what examines them."""

import uuid
from dataclasses import dataclass, fields
from zlib import crc32

import msgspec
import pytest

from gradcert.api import Selection, select_subjects
from gradcert.checks import Planned
from gradcert.core.clock import since
from gradcert.core.limits import Limits
from gradcert.core.settings import SearchSettings
from gradcert.engine.certification import begun, examiner_of, grown
from gradcert.engine.examiner import Examiner
from gradcert.engine.provenance import provenance
from gradcert_implementations import Implementation, Options
from gradcert_reports import Certificate, CheckResult, diagnosed, explanation

__all__ = ["FOUND", "failure_of", "result_of_test", "seed_of", "subjects_of"]

FOUND = pytest.StashKey[Certificate]()
"""Where a test leaves what it found."""


@dataclass(frozen=True)
class _ExaminerKey:
    """The tests that share an examiner: those of one subject with the same settings."""

    subject: int
    settings: SearchSettings


_SELECTED = pytest.StashKey[Selection]()
_SEED = pytest.StashKey[int]()
_EXAMINERS = pytest.StashKey[dict[_ExaminerKey, Examiner]]()


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


def _examiner(config: pytest.Config, subject: Implementation, settings: SearchSettings) -> Examiner:
    """Return what examines `subject` until the run ends. One process serves all tests."""
    examiners = config.stash.setdefault(_EXAMINERS, {})
    key = _ExaminerKey(id(subject), settings)
    if key not in examiners:
        examiners[key] = examiner_of(subject, settings)
        config.add_cleanup(lambda: examiners[key].__exit__(None, None, None))
    return examiners[key]


def result_of_test(
    request: pytest.FixtureRequest, planned: Planned, settings: SearchSettings
) -> CheckResult:
    """Run a check on a claim as a test, and leave the result where the report looks for it.

    A test that runs several checks leaves all results.
    """
    subject = planned.claim.implementation
    now = provenance(subject, settings)
    examiner = _examiner(request.config, subject, settings)
    before = examiner.spent
    result = examiner.check(planned.task)
    ended = now(since(before, examiner.spent))
    former = request.node.stash.get(FOUND, begun(subject, ended))
    request.node.stash[FOUND] = grown(former, (*former.results, result), provenance=ended)
    return result


def failure_of(
    request: pytest.FixtureRequest,
    planned: Planned,
    result: CheckResult,
    settings: SearchSettings,
) -> str:
    """Return the text of a failed test: what refutes the claim, and which mistake it is."""
    examiner = _examiner(request.config, planned.claim.implementation, settings)
    diagnoses = examiner.diagnoses([result])
    found = request.node.stash[FOUND]
    request.node.stash[FOUND] = msgspec.structs.replace(found, diagnoses=diagnoses)
    return "\n".join([explanation(result), *map(diagnosed, diagnoses)])
