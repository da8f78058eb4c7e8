"""The smallest input of each flaw exposes it to the checks of the suite."""

from collections.abc import Iterator
from itertools import product

import pytest

from gradcert.checks import Check, planned
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import JudgedRow, Refuted
from gradcert.core.failures import Broken, Raised
from gradcert.diagnosis.counterevidence import exposing_case
from gradcert_implementations import FLAWED, Flaw, load
from gradcert_oracle import FAITHFUL


def flaw(name: str) -> Flaw:
    loaded = load(name)
    assert isinstance(loaded, Flaw)
    return loaded


def flaws_of_verdict(verdict: str) -> list[str]:
    return [name for name in FLAWED if flaw(name).verdict == verdict]


def exposed(name: str) -> Iterator[tuple[Check, Claim, Case]]:
    """Yield every check of every claim that takes the exposing input, with that input."""
    subject = flaw(name)
    for plan in planned(subject):
        case = exposing_case(subject, plan.claim.format)
        if case.arguments.keys() >= set(plan.claim.quantity.arguments):
            yield plan.check, plan.claim, case


def failure(check: Check, claim: Claim, case: Case) -> type[Exception] | None:
    try:
        check.run(claim, case)
    except (Refuted, Broken) as failed:
        return type(failed)
    return None


@pytest.mark.parametrize("name", flaws_of_verdict("refuted"))
def test_a_check_refutes_a_flaw_by_its_exposing_input(name: str) -> None:
    assert any(failure(*run) is Refuted for run in exposed(name))


@pytest.mark.parametrize("name", ["through-binary32", "probability-rounded-to-a-narrow-format"])
def test_a_flaw_of_rounding_is_refuted_in_each_quantity_and_format_it_claims(name: str) -> None:
    refuted = {
        (claim.quantity.name, claim.format.name)
        for check, claim, case in exposed(name)
        if failure(check, claim, case) is Refuted
    }
    subject = flaw(name)
    # The exposing input is made of logits.
    assert refuted == set(product(set(subject.functions) - {"dE/do"}, subject.formats))


@pytest.mark.parametrize("name", [name for name in FLAWED if flaw(name).again])
def test_a_flaw_of_a_second_backward_is_refuted_by_the_check_of_it_and_by_no_other(
    name: str,
) -> None:
    refuted = {run[0].id for run in exposed(name) if failure(*run) is Refuted}
    assert refuted == {"second-backward"}


@pytest.mark.parametrize("name", flaws_of_verdict("broken"))
def test_a_flaw_that_is_broken_breaks_on_its_exposing_input(name: str) -> None:
    assert {failure(*run) for run in exposed(name)} == {None, Raised}


@pytest.mark.parametrize("name", flaws_of_verdict("conforms"))
def test_a_weakness_passes_every_check_and_only_misses_the_best_level(name: str) -> None:
    judged: list[JudgedRow] = []
    for check, claim, case in exposed(name):
        rows = check.run(claim, case)
        if check.id == "accuracy":
            judged += rows
    assert judged
    assert all(row.judgement.algorithm not in (None, FAITHFUL) for row in judged)
