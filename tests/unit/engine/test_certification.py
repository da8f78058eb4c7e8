"""A certificate grows check by check, and records what the implementation claims."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np
import pytest
from subjects import CHECKS_OF_GRADIENT, Gradient, in_binary32, right, wanting_writable_input

from gradcert import certify
from gradcert.checks import planned
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.certification import certifying
from gradcert_implementations import Array, Domain, Implementation, Loss, load
from gradcert_reports import CheckResult, Verdict

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


@pytest.mark.parametrize("effort", Effort)
def test_a_certificate_records_the_effort(effort: Effort) -> None:
    settings = SearchSettings(max_examples=1, seed=0, effort=effort)
    assert next(certifying(THEIRS, settings)).provenance.effort == effort


def test_an_unknown_effort_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(ValueError, match="unknown effort 'fast'; choose from quick, standard"):
        certify("no/such/file.py:f", effort="fast")


def test_the_level_of_a_certificate_is_that_of_its_most_severe_row() -> None:
    *_, last = certifying(
        load("numpy", formats=["binary64"]),
        SearchSettings(max_examples=10, seed=0, effort=Effort.QUICK),
    )
    rows = [sample for result in last.results for sample in result.samples]
    assert last.worst is not None
    assert last.worst.worst == max(rows, key=lambda sample: sample.severity)
    assert last.level == last.worst.worst.algorithm


# What is no answer.


def as_a_masked_array(z: Array, t: Array) -> Array:
    return np.ma.masked_array(right(z, t))


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (in_binary32, "returned dtype float32, expected float64"),
        (as_a_masked_array, "returned MaskedArray, expected a numpy array"),
    ],
)
def test_a_subject_that_returns_no_answer_is_broken_with_the_reason_and_has_no_level(
    subject: Gradient, reason: str
) -> None:
    found = certify(subject, formats=["binary64"], max_examples=10)
    assert found.verdict == "broken"
    assert found.worst is None
    for result in found.results:
        assert result.reason.startswith(reason)


def test_a_function_that_raises_is_broken_and_the_other_checks_still_run() -> None:
    found = certify(wanting_writable_input, formats=["binary64"], max_examples=10)
    verdicts = {result.check: result.verdict for result in found.results}
    assert verdicts == dict.fromkeys(CHECKS_OF_GRADIENT, "conforms") | {"memory-layout": "broken"}
    assert {result.reason for result in found.results} == {
        "",
        "raised ValueError: buffer source array is read-only, for logits given as read-only rows",
    }


@pytest.mark.parametrize("error", [SystemExit, RuntimeError])
def test_a_function_that_always_ends_in_an_exception_breaks_every_check(
    error: type[BaseException],
) -> None:
    def subject(_z: Array, _t: Array) -> Array:
        raise error(0)

    found = certify(subject, formats=["binary64"], max_examples=10)
    assert {result.check: result.verdict for result in found.results} == dict.fromkeys(
        CHECKS_OF_GRADIENT, "broken"
    )


def test_a_subject_that_raises_not_implemented_is_not_supported_there() -> None:
    def loss(_z: Array, _t: Array) -> Array:
        raise NotImplementedError("no loss yet")

    subject = Implementation(name="half", functions={"dE/dz": right, "loss": loss})
    found = certify(subject, formats=["binary64"], max_examples=10)
    by_quantity = {(result.quantity, result.verdict) for result in found.results}
    assert by_quantity == {("dE/dz", "conforms"), ("loss", "not supported")}
    assert found.verdict == "not supported"
    assert certify(subject, quantities=["dE/dz"], max_examples=10).verdict == "conforms"


def test_a_subject_that_refuses_some_cases_is_refuted_if_its_other_answers_are_wrong() -> None:
    def flipped_or_nothing(z: Array, t: Array) -> Array:
        if len(z) and z[0, 0] == 0:
            raise NotImplementedError("a leading zero")
        return -right(z, t)

    assert certify(flipped_or_nothing, formats=["binary64"]).verdict == "refuted"


def test_a_subject_that_does_not_always_answer_does_not_conform() -> None:
    def right_or_nothing(z: Array, t: Array) -> Array:
        if len(z) and z[0, 0] == 0:
            raise NotImplementedError("a leading zero")
        return right(z, t)

    assert certify(right_or_nothing, formats=["binary64"]).verdict == "not supported"


def test_threads_that_certify_at_the_same_time_find_and_print_what_one_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    specs = ["numpy", "diagonal-only"] * 2

    def results(spec: str) -> tuple[CheckResult, ...]:
        return certify(
            spec, quantities=["dE/dz"], formats=["binary64"], max_examples=5, effort="quick"
        ).results

    with ThreadPoolExecutor(len(specs)) as threads:
        found = [*threads.map(results, specs)]
    assert capfd.readouterr().out == ""
    assert found == [*map(results, specs)]
