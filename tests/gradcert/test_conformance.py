"""The conformance suite as pytest tests: one a check, quantity and format of each implementation.

``--implementation SPEC`` chooses the subject. Without it all built-ins are certified that are
installed, and the wrong ones among them are expected to be refuted.
"""

import uuid
from zlib import crc32

import pytest

from gradcert.cases import Claim
from gradcert.certification import certificate_of, certify, checked
from gradcert.checks import Check, planned
from gradcert.diagnosis import diagnose
from gradcert.provenance import provenance
from gradcert.reporting import FOUND
from gradcert.selection import subjects_of
from gradcert_implementations import FLAWED, Implementation
from gradcert_reports import diagnosed, explanation

__all__ = ["pytest_generate_tests", "seed", "test_conforms", "test_flaw_is_refuted"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise the tests of this module from the command line."""
    named = metafunc.config.getoption("implementation")
    subjects, left_out = subjects_of(metafunc.config)
    flaws = [] if named else [subject for subject in subjects if subject.origin in FLAWED]
    if "flaw" in metafunc.fixturenames:
        metafunc.parametrize("flaw", flaws, ids=lambda flaw: flaw.name)
    if "claim" not in metafunc.fixturenames:
        return
    runs = [
        pytest.param(
            check, claim, id=f"{subject.name}-{check.id}-{claim.quantity}-{claim.format.name}"
        )
        for subject in subjects
        if subject not in flaws
        for check, claim in planned(subject)
    ]
    skipped = [
        pytest.param(None, None, id=name, marks=pytest.mark.skip(reason=reason))
        for name, reason in left_out.items()
    ]
    metafunc.parametrize(("check", "claim"), [*runs, *skipped])


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The number given as ``--hypothesis-seed``, a new one for ``random``, and 0 without it."""
    given = pytestconfig.getoption("hypothesis_seed", None)
    if given is None:
        return 0
    if given != "random":
        return int(given)
    # The workers of pytest-xdist are to draw the same, and have only the run's name in common.
    run = getattr(pytestconfig, "workerinput", {}).get("testrunuid", uuid.uuid4().hex)
    return crc32(run.encode())


def test_conforms(
    check: Check,
    claim: Claim,
    seed: int,
    pytestconfig: pytest.Config,
    request: pytest.FixtureRequest,
) -> None:
    """The implementation passes the check."""
    max_examples = pytestconfig.getoption("gradcert_max_examples")
    now = provenance(claim.implementation, seed=seed, max_examples=max_examples)
    examined, result = checked(claim, check, max_examples=max_examples, seed=seed)
    request.node.stash[FOUND] = certificate_of(claim.implementation, [result], (), now())
    if result.verdict == "not supported":
        pytest.skip(f"not supported: {result.reason}")
    if result.verdict != "conforms":
        diagnoses = diagnose([examined])
        pytest.fail("\n".join([explanation(result), *map(diagnosed, diagnoses)]), pytrace=False)


def test_flaw_is_refuted(
    flaw: Implementation, seed: int, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    """The built-in that is wrong on purpose is refuted."""
    max_examples = pytestconfig.getoption("gradcert_max_examples")
    found = certify(flaw, max_examples=max_examples, seed=seed)
    request.node.stash[FOUND] = found
    assert found.verdict == "refuted"
