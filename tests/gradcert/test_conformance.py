"""The conformance suite as pytest tests: one a check, quantity and format of each implementation.

``--implementation SPEC`` chooses the subject. Without it all built-ins are certified that are
installed, and the wrong ones among them are expected to be refuted.
"""

import pytest

from gradcert.cases import Claim
from gradcert.certification import certifying
from gradcert.checks import Check, planned
from gradcert.session import FOUND, examined, failure_of, seed_of, subjects_of
from gradcert_implementations import FLAWED, Implementation

__all__ = ["pytest_generate_tests", "test_conforms", "test_flaw_is_refuted"]


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


def test_conforms(
    check: Check, claim: Claim, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    """The implementation passes the check."""
    max_examples = pytestconfig.getoption("gradcert_max_examples")
    result = examined(request, check, claim, max_examples=max_examples)
    if result.verdict == "not supported":
        pytest.skip(f"not supported: {result.reason}")
    if result.verdict != "conforms":
        failure = failure_of(request, claim, result, max_examples=max_examples)
        pytest.fail(failure, pytrace=False)


def test_flaw_is_refuted(
    flaw: Implementation, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    """The built-in that is wrong on purpose is refuted."""
    max_examples = pytestconfig.getoption("gradcert_max_examples")
    *_, found = certifying(flaw, max_examples=max_examples, seed=seed_of(pytestconfig))
    request.node.stash[FOUND] = found
    assert found.verdict == "refuted"
