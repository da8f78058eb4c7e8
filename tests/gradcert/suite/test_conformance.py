"""The conformance suite as pytest tests: one for each check, quantity and format of a subject.

``--gradcert SPEC`` chooses the subject. Without it, all built-ins that are installed are certified,
also for losses with options, and the wrong ones among them are expected to be refuted.
"""

import pytest

from gradcert.checks import Planned, planned
from gradcert.engine.certification import certifying
from gradcert.suite.session import FOUND, failure_of, result_of_test, settings_of, subjects_of
from gradcert_implementations import FLAWED, Implementation
from gradcert_reports import Verdict

__all__ = ["pytest_generate_tests", "test_conforms", "test_flaw_is_refuted"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise the tests of this module from the command line."""
    if not hasattr(metafunc.config.option, "gradcert_specs"):
        raise pytest.UsageError("the suite needs its plugin, which is off: add -p gradcert")
    named = metafunc.config.getoption("gradcert_specs")
    selection = subjects_of(metafunc.config)
    flaws = [] if named else [one for one in selection.subjects if one.origin in FLAWED]
    if "gradcert_flaw" in metafunc.fixturenames:
        reason = "the wrong built-ins are certified only where no --gradcert chooses a subject"
        none = pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))
        wrong = [pytest.param(flaw, id=flaw.name) for flaw in flaws]
        metafunc.parametrize("gradcert_flaw", wrong or [none])
    if "gradcert_planned" not in metafunc.fixturenames:
        return
    runs = [
        pytest.param(one, id=f"{subject.name}-{one.task}")
        for subject in selection.all
        if subject not in flaws
        for one in planned(subject)
    ]
    skipped = [
        pytest.param(None, id=name, marks=pytest.mark.skip(reason=reason))
        for name, reason in selection.left_out.items()
    ]
    metafunc.parametrize("gradcert_planned", [*runs, *skipped])


def test_conforms(
    gradcert_planned: Planned, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    """The implementation passes the check."""
    settings = settings_of(pytestconfig, gradcert_planned.claim.implementation)
    result = result_of_test(request, gradcert_planned, settings)
    if result.verdict == Verdict.NOT_SUPPORTED:
        pytest.skip(f"not supported: {result.reason}")
    if result.verdict != Verdict.CONFORMS:
        failure = failure_of(request, gradcert_planned, result, settings)
        pytest.fail(failure, pytrace=False)


def test_flaw_is_refuted(
    gradcert_flaw: Implementation, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    """The built-in that is wrong on purpose is refuted."""
    *_, found = certifying(gradcert_flaw, settings_of(pytestconfig, gradcert_flaw))
    request.node.stash[FOUND] = found
    assert found.verdict == Verdict.REFUTED
