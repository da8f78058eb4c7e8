"""Which cases of the plan a check tries on a claim."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from subjects import right

from gradcert.checks import CHECKS, check_named, planned, planned_cases
from gradcert.core.claim import Claim, claims_of
from gradcert.core.evidence import Refuted
from gradcert.core.settings import Effort, SearchSettings
from gradcert.generation import filling
from gradcert.generation.filling import filled
from gradcert.generation.plan import Dimension
from gradcert_implementations import Array, Domain, Implementation, QuantityName, load

SETTINGS = SearchSettings(max_examples=10, seed=0)
THOROUGH = replace(SETTINGS, effort=Effort.THOROUGH)
QUICK = replace(SETTINGS, effort=Effort.QUICK)

ACCURACY, LONG_ROWS = check_named("accuracy"), check_named("many-classes")


def _claim(quantity: str = "dE/dz", *, compiles: bool = False, fewest: int = 1) -> Claim:
    subject = Implementation(
        name="any",
        functions={quantity: right},
        formats=("binary32",),
        compiles_per_shape=compiles,
        domain=Domain(fewest_classes=fewest),
    )
    (claim,) = claims_of(subject)
    return claim


def _sizes(check: str, claim: Claim, settings: SearchSettings = SETTINGS) -> set[int]:
    return {case.classes for case in planned_cases(check_named(check), claim, settings)}


def test_short_rows_and_long_rows_are_tried_by_two_checks() -> None:
    assert _sizes("accuracy", _claim()) == {*range(1, 18)}
    assert min(_sizes("many-classes", _claim())) > 17


@pytest.mark.parametrize(
    "check",
    [check.id for check in CHECKS if check.id not in ("accuracy", "first-call", "empty-batch")],
)
def test_every_other_check_tries_batches_of_long_rows_too(check: str) -> None:
    cases = planned_cases(check_named(check), _claim(), SETTINGS)
    assert any(case.classes > 256 and case.rows >= 3 for case in cases)


def test_jacobians_have_long_rows_in_thorough_runs_only_and_up_to_64_classes() -> None:
    claim = _claim("do/dz")
    for check in CHECKS:
        assert all(case.classes <= 17 for case in planned_cases(check, claim, SETTINGS))
    assert {31, 64} <= _sizes("accuracy", claim, THOROUGH) <= {*range(65)}


def test_where_a_subject_compiles_each_size_is_tried_by_one_of_its_claims() -> None:
    pytest.importorskip("jax")
    jax = load("jax")
    for check in (ACCURACY, LONG_ROWS):
        claims = [one.claim for one in planned(jax) if one.check is check]
        shares = [_sizes(check.id, claim) for claim in claims]
        whole = _sizes(check.id, replace(claims[0], implementation=_claim().implementation))
        assert set().union(*shares) >= whole
        assert max(map(len, shares)) <= 5


def test_where_a_subject_compiles_a_thorough_run_tries_each_size_on_each_claim() -> None:
    claim = _claim(compiles=True)
    for check in (ACCURACY, LONG_ROWS):
        cases = planned_cases(check, claim, THOROUGH)
        assert len(cases) == len(planned_cases(check, _claim(), SETTINGS))


def test_a_quick_run_tries_a_few_small_cases() -> None:
    cases = [*chain.from_iterable(planned_cases(check, _claim(), QUICK) for check in CHECKS)]
    assert 0 < len(cases) < 60
    assert max(case.size for case in cases) <= 2048


@pytest.mark.parametrize("fewest", [2, 5, 40, 200_000])
def test_no_planned_case_has_fewer_classes_than_a_subject_takes(fewest: int) -> None:
    claim = _claim(fewest=fewest)
    cases = [*chain.from_iterable(planned_cases(check, claim, SETTINGS) for check in CHECKS)]
    assert min(case.classes for case in cases) == fewest
    assert max(case.size for case in cases) < 1 << 23


@pytest.mark.parametrize("settings", [SETTINGS, QUICK])
@pytest.mark.parametrize("classes", [2, 50257])
def test_one_number_of_classes_has_batches_of_several_rows_however_small_or_large_it_is(
    classes: int, settings: SearchSettings
) -> None:
    subject = replace(_claim().implementation, domain=Domain(classes=classes))
    (claim,) = claims_of(subject)
    for check in ("memory-layout", "row-independence", "same-answer-twice"):
        cases = planned_cases(check_named(check), claim, settings)
        assert cases
        assert {case.classes for case in cases} == {classes}
        assert all(1 < case.rows <= max(5, 4096 // classes) for case in cases)


def test_a_flaw_in_one_layout_of_two_classes_is_seen_in_a_quick_run() -> None:
    def wrong_where_transposed(z: Array, t: Array) -> Array:
        return right(z, t) if z.flags.c_contiguous else t

    subject = replace(
        _claim().implementation,
        functions={"dE/dz": wrong_where_transposed},
        domain=Domain(classes=2),
    )
    (claim,) = claims_of(subject)
    check = check_named("memory-layout")
    (case,) = planned_cases(check, claim, QUICK)
    with pytest.raises(Refuted):
        check.run(claim, filled(case))


def _listed(name: str, quantity: QuantityName) -> set[str]:
    """Return the layouts that the plan of a built-in has."""
    claim = next(claims_of(load(name, quantities=[quantity])))
    cases = planned_cases(check_named("memory-layout"), claim, SETTINGS)
    items = chain.from_iterable(case.items for case in cases)
    return {item.label for item in items if item.dimension is Dimension.LAYOUTS}


def test_the_certificate_can_list_every_layout_that_the_arrays_of_a_subject_have() -> None:
    pytest.importorskip("torch")

    assert _listed("numpy", "dE/dz") - _listed("torch", "dE/dz") == {
        "reversed rows",
        "read-only rows",
    }


def test_the_certificate_lists_the_layouts_of_v_by_themselves() -> None:
    of_all = _listed("numpy", "dE/dz")
    assert _listed("numpy", "softmax-backward") == of_all | {f"v: {name}" for name in of_all}


def test_a_planned_case_has_the_same_numbers_every_time() -> None:
    planned_case = planned_cases(LONG_ROWS, _claim(), SETTINGS)[3]
    first = filled(planned_case)
    filling._kept.cache_clear()
    again = filled(planned_case)
    assert first is not again
    assert all(np.array_equal(first[name], again[name]) for name in first.arguments)
