"""v has kinds, signs, sizes and places of its own, and stays in its domain."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert.generation.dealing import plan
from gradcert.generation.filling import filled
from gradcert.generation.places import places
from gradcert.generation.plan import Dimension, PlannedCase
from gradcert.generation.scope import Scope, scope_of
from gradcert.generation.sizes import Size
from gradcert.generation.strategies import cases
from gradcert.generation.vectors import VECTORS, Vector
from gradcert_implementations import FORMAT_NAMES, QUANTITY_NAMES, load
from gradcert_oracle import FORMATS

WITH_V = ("softmax-backward", "log-softmax-backward", "hvp")


def _claim(quantity: str, format: str = "binary32") -> Claim:
    (claim,) = claims_of(load("numpy", quantities=[quantity], formats=[format]))
    return claim


def _planned(scope: Scope) -> tuple[PlannedCase, ...]:
    found = plan(scope)
    return (*found.few, *found.many)


def _small(scope: Scope) -> Iterator[Case]:
    return (filled(case) for case in _planned(scope) if case.size < 1 << 12)


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_a_case_has_v_if_its_quantity_takes_it(quantity: str) -> None:
    case = filled(plan(scope_of(_claim(quantity), 0)).few[3])
    assert ("v" in case.arguments) == (quantity in WITH_V)


@pytest.mark.parametrize("seed", range(3))
def test_every_plan_has_every_kind_of_v(seed: int) -> None:
    scope = scope_of(_claim("softmax-backward"), seed)
    found = {item.label for case in _planned(scope) for item in case.items}
    assert {kind.name for kind in VECTORS} <= found


@pytest.mark.parametrize("seed", range(3))
def test_a_one_hot_v_stands_in_every_kind_of_place(seed: int) -> None:
    scope = scope_of(_claim("softmax-backward"), seed)
    found = {
        item.label
        for case in _planned(scope)
        for item in case.items
        if item.dimension is Dimension.PLACES and item.label.startswith("v ")
    }
    for place in ("first class", "last class", "end of a block of 128", "end of a block of 1024"):
        assert any(place in label for label in found), place


def test_v_changes_nothing_else_about_a_plan() -> None:
    with_v, without = (
        [
            (case.rows, case.classes, [(row.shape, row.label, row.mask) for row in case.unlike])
            for case in _planned(scope_of(_claim(quantity), 0))
        ]
        for quantity in ("softmax-backward", "softmax")
    )
    assert with_v == without


@pytest.mark.parametrize("format", FORMAT_NAMES)
@pytest.mark.parametrize("quantity", WITH_V)
def test_no_sum_of_products_with_v_leaves_the_range(quantity: str, format: str) -> None:
    largest = FORMATS[format].max
    for case in _small(scope_of(_claim(quantity, format), 0)):
        v = np.abs(case["v"].astype(np.float64))
        assert np.isfinite(v).all()
        weight = np.abs(case["targets"].astype(np.float64)).sum(axis=1)
        factor = np.maximum(1, weight) if quantity == "hvp" else 1
        assert ((v / largest).sum(axis=1) * factor).max() <= 1 / 4


def test_v_of_log_softmax_is_zero_where_a_logit_is_masked_and_that_of_softmax_need_not_be() -> None:
    held = {}
    for quantity in ("softmax-backward", "log-softmax-backward"):
        found = [case["v"][case.point == -np.inf] for case in _small(scope_of(_claim(quantity), 0))]
        held[quantity] = bool(np.concatenate(found).any())
    assert held == {"softmax-backward": True, "log-softmax-backward": False}


@pytest.mark.parametrize("kind", VECTORS, ids=lambda kind: kind.name)
def test_the_plan_fills_each_kind_with_what_its_name_says(kind: Vector) -> None:
    scope = scope_of(_claim("softmax-backward"), 0)
    rows = [
        case["v"][row].astype(np.float64)
        for case in _small(scope)
        for row in range(case.rows)
        if case.regimes[row].v == kind.name and case.classes > 2
    ]
    said = {
        "v one-hot": lambda v: np.count_nonzero(v) == 1 and v.max() == 1,
        "v positive": lambda v: v.min() > 0,
        "v equal": lambda v: (v == v[0]).all(),
        "v nearly equal": lambda v: v.max() - v.min() <= 4 * np.finfo(np.float32).eps,
        "v of ones of both signs": lambda v: (np.abs(v) == 1).all(),
        "v zero": lambda v: not v.any(),
        "v tiny": lambda v: 0 < np.abs(v).max() < 1e-18,
        "v huge": lambda v: np.abs(v).max() > 1e18,
    }.get(kind.name, lambda v: np.isfinite(v).all())
    assert rows
    assert all(map(said, rows))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_search_draws_v_too(data: st.DataObject) -> None:
    strategy = cases(_claim("hvp"), size=Size.SMALL)
    assert strategy is not None
    case = data.draw(strategy)
    assert case["v"].shape == case.point.shape
    assert case["v"].dtype == case.point.dtype
    assert all(regime.v for regime in case.regimes)


def test_places_of_v_are_those_of_a_label() -> None:
    scope = scope_of(_claim("softmax-backward"), 0)
    for case in _planned(scope):
        for row in case.unlike:
            assert row.pole in places(case.classes)
