"""A certificate grows check by check, and records what the implementation claims."""

from dataclasses import asdict, replace

import pytest
from subjects import right

from gradcert.checks import planned
from gradcert.core.settings import SearchSettings
from gradcert.engine.certification import certifying
from gradcert_implementations import Domain, Implementation, Loss, load
from gradcert_reports import Verdict

THEIRS = Implementation(name="theirs", functions={"dE/dz": right}, formats=("binary64",))


def test_each_step_has_one_result_more_and_only_the_last_is_complete_and_diagnosed() -> None:
    flaw = load("diagonal-only", formats=["binary64"])
    *steps, last = certifying(flaw, SearchSettings(max_examples=5, seed=0))
    assert [len(step.results) for step in steps] == list(range(len(list(planned(flaw)))))
    assert not any(step.complete or step.diagnoses for step in steps)
    assert last.complete
    assert [diagnosis.quantity for diagnosis in last.diagnoses] == ["dE/dz"]


def test_a_refutation_is_the_verdict_before_all_checks_have_run() -> None:
    steps = certifying(
        load("diagonal-only", formats=["binary64"]), SearchSettings(max_examples=5, seed=0)
    )
    verdicts = [(step.refutations != (), step.verdict) for step in steps]
    assert verdicts[0] == (False, Verdict.INCOMPLETE)
    assert {verdict for refuted, verdict in verdicts if refuted} == {Verdict.REFUTED}
    assert {verdict for refuted, verdict in verdicts if not refuted} == {Verdict.INCOMPLETE}


@pytest.mark.parametrize(
    ("loss", "domain"),
    [
        (Loss(), Domain()),
        (Loss(output="identity"), Domain(targets="any", largest_logit=7.5, fewest_classes=2)),
    ],
)
def test_a_certificate_records_the_loss_and_the_domain_that_are_claimed(
    loss: Loss, domain: Domain
) -> None:
    first = next(
        certifying(
            replace(THEIRS, loss=loss, domain=domain), SearchSettings(max_examples=1, seed=0)
        )
    )
    assert first.loss == asdict(loss)
    assert first.domain == asdict(domain)
    assert first.at_least is None


def test_a_certificate_records_the_level_that_is_claimed() -> None:
    claiming = replace(THEIRS, at_least="log-softmax")
    first = next(certifying(claiming, SearchSettings(max_examples=1, seed=0)))
    assert first.at_least == first.demanded == "log-softmax"


def test_the_level_of_a_certificate_is_that_of_its_most_severe_row() -> None:
    *_, last = certifying(
        load("numpy", formats=["binary64"]), SearchSettings(max_examples=10, seed=0)
    )
    rows = [sample for result in last.results for sample in result.samples]
    assert last.worst is not None
    assert last.worst.worst == max(rows, key=lambda sample: sample.severity)
    assert last.level == last.worst.worst.algorithm
