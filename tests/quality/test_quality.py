"""A slice of `make quality`: one seed, and no check after the first that fails."""

import pytest
from families import FAMILIES, Family

import gradcert
from gradcert.checks import planned
from gradcert.core.settings import SearchSettings
from gradcert.diagnosis.diagnose import diagnose
from gradcert.diagnosis.refutations import Checked
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert_implementations import FLAWED, UNUSUAL, Flaw, Implementation, load
from gradcert_oracle import FAITHFUL
from gradcert_reports import CheckResult

SEED = 1
FEW = 20


def _first_failure(subject: Implementation) -> tuple[Checked, CheckResult]:
    """Return what the first check finds that fails.

    What is wrong at every call is better shown by other checks than by that of the first calls.
    """
    at_first = None
    for one in planned(subject):
        claim, check = one.claim, one.check
        outcome = run_check(
            claim, check, SearchSettings(max_examples=gradcert.MAX_EXAMPLES, seed=SEED)
        )
        if outcome.failure is None:
            continue
        found = Checked(claim, check, outcome), result_of(claim, check, outcome)
        if not check.opens:
            return found
        at_first = at_first or found
    if at_first is None:
        raise AssertionError(f"no check sees {subject.name}: {subject.summary}")
    return at_first


CAUGHT = [
    name for name in FLAWED if isinstance(flaw := load(name), Flaw) and flaw.verdict != "conforms"
]


@pytest.mark.parametrize("name", CAUGHT)
def test_every_flaw_is_caught_by_a_small_case_and_named(name: str) -> None:
    flaw = load(name)
    assert isinstance(flaw, Flaw)
    checked, result = _first_failure(flaw)
    assert result.verdict == flaw.verdict
    found, first = result.discrepancy, flaw.exposed_by[0]
    assert found is not None
    assert found.rows * found.classes <= len(first) * len(first[0])
    if flaw.verdict == "refuted":
        (diagnosis,) = diagnose([checked])
        assert diagnosis.matches[0].flaw == name


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_drawn_flaw_of_every_family_is_caught(family: Family) -> None:
    _, result = _first_failure(family.member(0).subject)
    assert result.verdict == "refuted"


def test_a_weakness_that_only_the_best_level_forbids_is_not_refuted() -> None:
    certificate = gradcert.certify("target-component-cancels", max_examples=FEW, seed=SEED)
    assert certificate.verdict == "conforms"
    assert certificate.level != FAITHFUL.level


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_but_right_implementation_conforms(name: str) -> None:
    certificate = gradcert.certify(name, max_examples=FEW, seed=SEED)
    assert [result.discrepancy for result in certificate.refutations] == []
    assert certificate.verdict == "conforms"
