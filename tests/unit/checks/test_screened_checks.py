"""Verdicts and levels are the same with and without the screen, and its faults come to light."""

import dataclasses

import numpy as np
import pytest
from msgspec.structs import replace
from subjects import case_of, claim_of, right

from gradcert.checks import accuracy, screening
from gradcert.checks.accuracy import accuracy as check_accuracy
from gradcert.checks.screening import drawn_sample, screened, without_screen
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, Evidence, JudgedRow, Refuted
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.certification import certifying
from gradcert.engine.worst_rows import WorstRows
from gradcert_implementations import LEVEL_NAMES, Array, load
from gradcert_oracle import FORMATS, GRADIENT, Format, Screened, ScreenError, levels
from gradcert_reports import Certificate, CheckResult


def _certificate(name: str, seed: int) -> Certificate:
    # The judge alone needs minutes for the long rows of a standard run.
    settings = SearchSettings(max_examples=60, seed=seed, effort=Effort.QUICK)
    *_, last = certifying(load(name), settings)
    return last


def _found(result: CheckResult) -> tuple[object, ...]:
    """Return what a check found, but for which of the rows of a level is shown."""
    level = (result.worst.rank, result.worst.algorithm) if result.worst else None
    return replace(result, worst=None, samples=()), level


@pytest.mark.parametrize(
    "name",
    [
        "numpy",
        "any-targets",
        "log-softmax-then-exp",
        "log-sum-exp",
        "sequential-loop",
        "binary64-inside",
        "slightly-scaled",
        "through-binary32",
        "one-class-in-a-thousand",
        "probability-rounded-to-a-narrow-format",
    ],
)
def test_verdicts_and_levels_do_not_depend_on_the_screen(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_FEWEST", 0)  # Small cases are screened too.
    quick = _certificate(name, 0)
    with without_screen():
        thorough = _certificate(name, 0)
    assert quick.verdict == thorough.verdict
    assert quick.level == thorough.level
    assert quick.diagnoses == thorough.diagnoses
    assert list(map(_found, quick.results)) == list(map(_found, thorough.results))


def _outcome(claim: Claim, case: Case) -> Evidence | str:
    """Return what refutes the claim on a case, or the worst level of its rows."""
    worst = WorstRows(claim.format)
    try:
        worst.add(case, check_accuracy(claim, case))
    except Refuted as refuted:
        return refuted.evidence
    found = {str(row.judgement.algorithm) for row in worst.settled()}
    return max(found, key=list(map(str, levels(claim.format))).index)


@pytest.mark.parametrize("format", FORMATS.values(), ids=str)
@pytest.mark.parametrize("at_least", LEVEL_NAMES)
@pytest.mark.parametrize("name", ["numpy", "log-softmax-then-exp", "log-sum-exp"])
def test_verdicts_and_levels_do_not_depend_on_the_screen_where_a_level_is_demanded(
    name: str, at_least: str, format: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_FEWEST", 0)  # Small cases are screened too.
    subject = load(name, quantities=["dE/dz"], at_least=at_least)
    claim = Claim(subject, GRADIENT, format)
    rng = np.random.default_rng(0)
    for _ in range(40):
        rows, classes = rng.integers(1, 4), rng.integers(2, 50)
        z = rng.normal(size=(rows, classes)) * 2.0 ** rng.integers(-3, 6)
        z += rng.choice([0, 30, -1000])
        case = case_of(z, np.eye(classes)[rng.integers(classes, size=rows)], format)
        quick = _outcome(claim, case)
        with without_screen():
            thorough = _outcome(claim, case)
        if isinstance(quick, Evidence) and isinstance(thorough, Evidence):
            assert dataclasses.replace(quick, case=case) == dataclasses.replace(thorough, case=case)
        else:
            assert quick == thorough


@pytest.mark.parametrize("format", FORMATS.values(), ids=str)
@pytest.mark.parametrize("at_least", LEVEL_NAMES)
def test_the_levels_that_a_claim_allows_are_the_first_of_its_format(
    at_least: str, format: Format
) -> None:
    allowed = levels(format, at_least)
    assert levels(format)[: len(allowed)] == allowed


def test_a_row_is_accepted_only_where_the_judge_can_find_no_worse_level_than_the_claimed_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = _batch(3, 40)
    ranks = np.array([0, 1, 3])

    def found(*_: object, **_options: object) -> Screened:
        return Screened(np.array([True, True, True]), ranks, np.ones(3))

    monkeypatch.setattr(screening, "screen", found)
    answer = right(case["logits"], case["targets"])
    for at_least, accepted in (
        ("faithful", [True, False, False]),
        ("wide", [True, True, False]),  # No wider format is inside binary64: it means shifted.
        ("shifted", [True, True, False]),
        ("log-softmax", [True, True, True]),
        (None, [True, True, True]),
    ):
        claim = claim_of(right)
        demanding = dataclasses.replace(claim.implementation, at_least=at_least)
        demanded = dataclasses.replace(claim, implementation=demanding)
        now = screened(demanded, case, np.arange(3), answer)
        assert now is not None
        assert now.accepted.tolist() == accepted


def test_wide_rows_are_screened_also_where_a_level_is_demanded() -> None:
    claim = claim_of(right)
    demanding = dataclasses.replace(claim.implementation, at_least="shifted")
    found = check_accuracy(dataclasses.replace(claim, implementation=demanding), _batch(300, 100))
    accepted = sum(len(one.rows) for one in found if isinstance(one, AcceptedRows))
    assert accepted > 250


def _batch(rows: int, classes: int) -> Case:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(rows, classes)) * 5
    return case_of(z, np.eye(classes)[rng.integers(classes, size=rows)])


def _numbers(found: list[JudgedRow | AcceptedRows]) -> list[int]:
    judged = [one.row for one in found if isinstance(one, JudgedRow)]
    return sorted(
        judged + [int(row) for one in found if isinstance(one, AcceptedRows) for row in one.rows]
    )


def test_every_row_is_judged_or_accepted() -> None:
    found = check_accuracy(claim_of(right), _batch(500, 4))
    assert _numbers(found) == list(range(500))
    (accepted,) = (one for one in found if isinstance(one, AcceptedRows))
    assert len(accepted.rows) > 450
    for place in range(0, len(accepted.rows), 50):
        assert accepted.judge(int(accepted.rows[place])).algorithm is not None


def test_every_row_is_judged_without_the_screen_and_where_the_judge_is_faster() -> None:
    with without_screen():
        found = check_accuracy(claim_of(right), _batch(500, 4))
    assert [type(one) for one in found] == [JudgedRow] * 500
    assert [type(one) for one in check_accuracy(claim_of(right), _batch(2, 4))] == [JudgedRow] * 2
    case = _batch(2, 4)
    answer = right(case["logits"], case["targets"])
    assert screened(claim_of(right), case, np.arange(2), answer) is None


def test_one_wrong_value_among_a_thousand_rows_is_refuted_with_the_same_evidence() -> None:
    case = _batch(1000, 4)

    def wrong(z: Array, t: Array) -> Array:
        answer = right(z, t)
        answer[[700, 800], 1] *= 1 + 1e-13
        return answer

    with pytest.raises(Refuted) as found:
        check_accuracy(claim_of(wrong), case)
    with without_screen(), pytest.raises(Refuted) as judged:
        check_accuracy(claim_of(wrong), case)
    assert (found.value.evidence.row, found.value.evidence.index) == (700, 1)
    assert found.value.evidence == judged.value.evidence


def test_a_screen_that_accepts_what_the_oracle_refutes_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def everything(_claim: object, _case: object, rows: Array, _answer: Array) -> Screened:
        return Screened(np.ones(len(rows), bool), np.ones(len(rows), int), np.ones(len(rows)))

    monkeypatch.setattr(accuracy, "screened", everything)
    check_accuracy(claim_of(right), _batch(500, 4))
    with pytest.raises(ScreenError, match=r"the screen accepted \[.* for dE/dz of \("):
        check_accuracy(claim_of(lambda z, t: 2 * right(z, t)), _batch(500, 4))
    # A batch of which no row is drawn: its worst row is judged in the end.
    (accepted,) = check_accuracy(claim_of(lambda z, t: 2 * right(z, t)), _batch(1, 4))
    assert isinstance(accepted, AcceptedRows)
    with pytest.raises(ScreenError):
        accepted.judge(0)


def test_the_sample_is_a_part_of_the_accepted_rows_and_always_the_same() -> None:
    answer = np.random.default_rng(0).normal(size=(20_000, 3))
    accepted = np.arange(20_000) % 2 == 0
    sample = drawn_sample(accepted, answer)
    assert not sample[~accepted].any()
    assert 100 < sample.sum() < 220
    assert (sample == drawn_sample(accepted, answer.copy())).all()
    # Equal rows are drawn or not, each for itself.
    assert 0 < drawn_sample(accepted, np.zeros((20_000, 3))).sum() < accepted.sum() / 20
