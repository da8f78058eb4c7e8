"""A certificate says which items of the plan were tried, and which are left."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from subjects import flipped, right

from gradcert import certify
from gradcert.core.settings import Effort, SearchSettings
from gradcert.core.task import Task
from gradcert.engine import coverage as module
from gradcert.engine.certification import certifying
from gradcert.engine.coverage import coverage_of, extended, joined, planned_cases, untried
from gradcert.generation.plan import Dimension, Item, PlannedCase
from gradcert_implementations import Implementation
from gradcert_reports import Certificate, CheckResult, Coverage, Verdict

STANDARD = SearchSettings(max_examples=5, seed=0)
SUBJECT = Implementation(name="mine", functions={"dE/dz": right}, formats=("binary64",))


def _tried(coverage: tuple[Coverage, ...]) -> set[tuple[str, str]]:
    return {(one.dimension, label) for one in coverage for label in one.tried}


def _left(coverage: tuple[Coverage, ...]) -> set[tuple[str, str]]:
    return {(one.dimension, label) for one in coverage for label in one.left}


@pytest.fixture(scope="module")
def steps() -> list[Certificate]:
    return list(certifying(SUBJECT, STANDARD))


def test_before_the_first_check_all_of_the_plan_is_left(steps: list[Certificate]) -> None:
    items = {
        (item.dimension, item.label)
        for cases in planned_cases(SUBJECT, STANDARD).values()
        for case in cases
        for item in case.items
    }
    assert items
    assert steps[0].coverage == untried(SUBJECT, STANDARD)
    assert (_tried(steps[0].coverage), _left(steps[0].coverage)) == (set(), items)


def test_a_subject_that_conforms_was_tried_on_all_of_the_plan(steps: list[Certificate]) -> None:
    assert steps[-1].verdict == Verdict.CONFORMS
    assert _left(steps[-1].coverage) == set()
    assert _tried(steps[-1].coverage) == _left(steps[0].coverage)


def test_each_certificate_has_what_its_results_cover(steps: list[Certificate]) -> None:
    for step in steps:
        assert step.coverage == coverage_of(SUBJECT, STANDARD, step.results)
    sizes = [len(_tried(step.coverage)) for step in steps]
    assert sizes == sorted(sizes)


def test_a_check_that_did_not_pass_tried_nothing() -> None:
    found = certify(flipped, formats=["binary64"], max_examples=5)
    passed = [result for result in found.results if result.verdict == Verdict.CONFORMS]
    assert 0 < len(passed) < len(found.results)
    subject = Implementation(name="flipped", functions={"dE/dz": flipped}, formats=("binary64",))
    assert found.coverage == coverage_of(subject, STANDARD, passed)
    plan = planned_cases(subject, STANDARD)
    tried = {str(case.classes) for result in passed for case in plan[Task.of(result)]}
    sizes = {str(case.classes) for case in plan[MANY]}
    (classes,) = (one for one in found.coverage if one.dimension == "classes")
    assert tried < sizes | tried
    assert {*classes.left} >= sizes - tried


MANY = Task("many-classes", "dE/dz", "binary64")


@dataclass(frozen=True)
class Tries:
    """A planned case that tries these numbers of classes."""

    classes: tuple[str, ...]

    @property
    def items(self) -> Iterator[Item]:
        return (Item(Dimension.CLASSES, label) for label in self.classes)


def _planning(**classes: tuple[str, ...]) -> Any:
    """Return a plan of one check, whose numbers of classes depend on the effort."""
    return lambda _, settings: {MANY: (Tries(classes[settings.effort]),)}


def _passed() -> CheckResult:
    return CheckResult(
        check=MANY.check,
        quantity=MANY.quantity,
        format=MANY.format,
        verdict=Verdict.CONFORMS,
        examples=1,
    )


@pytest.mark.parametrize(
    ("effort", "tried", "left"),
    [
        ("quick", ("1", "2"), ("10", "4097")),
        ("standard", ("1", "10", "4097"), ()),
        ("thorough", ("1", "10", "4097", "9999"), ()),
    ],
)
def test_a_quick_run_leaves_what_a_standard_one_tries(
    monkeypatch: pytest.MonkeyPatch, effort: str, tried: tuple[str, ...], left: tuple[str, ...]
) -> None:
    plan = _planning(
        quick=("2", "1"), standard=("4097", "10", "1"), thorough=("9999", "4097", "10", "1")
    )
    monkeypatch.setattr(module, "planned_cases", plan)
    settings = SearchSettings(max_examples=5, seed=0, effort=Effort.named(effort))
    found = coverage_of(SUBJECT, settings, [_passed()])
    assert found == (Coverage(dimension="classes", tried=tried, left=left),)


def test_numbers_go_from_small_to_large_also_within_names() -> None:
    labels = ("10 to 20", "a block of 16", "-0.5 to 0", "a block of 2", "9", "-1e+04 to -3")
    (found,) = extended((), [cast("PlannedCase", Tries(labels))])
    assert found.tried == (
        "-1e+04 to -3",
        "-0.5 to 0",
        "9",
        "10 to 20",
        "a block of 2",
        "a block of 16",
    )


def test_the_parts_of_a_run_cover_together_what_one_of_them_tried() -> None:
    def part(*tried: str) -> tuple[Coverage, ...]:
        left = tuple(label for label in ("1", "2", "3") if label not in tried)
        return (Coverage(dimension="rows", tried=tried, left=left),)

    assert joined([part("3"), part("1")]) == (
        Coverage(dimension="rows", tried=("1", "3"), left=("2",)),
    )
    assert joined([part("3"), part("1", "2")]) == part("1", "2", "3")
    assert joined([()]) == ()
