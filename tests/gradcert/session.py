"""What the tests of one pytest run share: its subjects, its seed, and what examines them."""

import uuid
from zlib import crc32

import msgspec
import pytest

from gradcert.cases import Claim
from gradcert.certification import certificate_of, examiner_of, grown
from gradcert.checks import Check
from gradcert.clock import since
from gradcert.examination import Examiner
from gradcert.limits import Limits
from gradcert.provenance import provenance
from gradcert.selection import Selection, select_subjects
from gradcert_implementations import Implementation
from gradcert_reports import Certificate, CheckResult, diagnosed, explanation

__all__ = ["FOUND", "examined", "failure_of", "seed_of", "subjects_of"]

FOUND = pytest.StashKey[Certificate]()
"""Where a test leaves what it found."""

_SELECTED = pytest.StashKey[Selection]()
_SEED = pytest.StashKey[int]()
_EXAMINERS = pytest.StashKey[dict[tuple[int, int, int], Examiner]]()


def subjects_of(config: pytest.Config) -> Selection:
    """Return what pytest's command line selects; see :func:`select_subjects`."""
    if _SELECTED not in config.stash:
        config.stash[_SELECTED] = select_subjects(
            config.getoption("implementation"),
            quantities=config.getoption("quantity"),
            formats=config.getoption("format"),
            targets=config.getoption("targets"),
            device=config.getoption("gradcert_device"),
            limits=Limits() if config.getoption("gradcert_isolate") else None,
        )
    return config.stash[_SELECTED]


def seed_of(config: pytest.Config) -> int:
    """Return the number given as ``--hypothesis-seed``, a new one for ``random``, else 0."""
    if _SEED not in config.stash:
        given = config.getoption("hypothesis_seed", None) or 0
        if given == "random":
            # The workers of pytest-xdist are to draw the same, and share only the run's name.
            run = getattr(config, "workerinput", {}).get("testrunuid", uuid.uuid4().hex)
            given = crc32(run.encode())
        config.stash[_SEED] = int(given)
    return config.stash[_SEED]


def _examiner(
    config: pytest.Config, subject: Implementation, *, max_examples: int, seed: int
) -> Examiner:
    """Return what examines `subject` until the run ends: a process is not started for each test."""
    examiners = config.stash.setdefault(_EXAMINERS, {})
    key = id(subject), max_examples, seed
    if key not in examiners:
        examiners[key] = examiner_of(subject, max_examples=max_examples, seed=seed)
        config.add_cleanup(lambda: examiners[key].__exit__(None, None, None))
    return examiners[key]


def examined(
    request: pytest.FixtureRequest, check: Check, claim: Claim, *, max_examples: int
) -> CheckResult:
    """Run a check on a claim as a test, and leave what it found where the report takes it from.

    A test that runs several leaves all.
    """
    subject, seed = claim.implementation, seed_of(request.config)
    now = provenance(subject, seed=seed, max_examples=max_examples)
    examiner = _examiner(request.config, subject, max_examples=max_examples, seed=seed)
    before = examiner.spent
    result = examiner.check(check.id, claim.quantity, claim.format.name)
    ended = now(since(before, examiner.spent))
    begun = request.node.stash.get(FOUND, certificate_of(subject, ended))
    request.node.stash[FOUND] = grown(begun, (*begun.results, result), provenance=ended)
    return result


def failure_of(
    request: pytest.FixtureRequest, claim: Claim, result: CheckResult, *, max_examples: int
) -> str:
    """Return the text of a failed test: what refutes the claim, and which mistake it is."""
    seed = seed_of(request.config)
    examiner = _examiner(request.config, claim.implementation, max_examples=max_examples, seed=seed)
    diagnoses = examiner.diagnoses([result])
    found = request.node.stash[FOUND]
    request.node.stash[FOUND] = msgspec.structs.replace(found, diagnoses=diagnoses)
    return "\n".join([explanation(result), *map(diagnosed, diagnoses)])
