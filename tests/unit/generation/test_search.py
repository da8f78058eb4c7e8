"""Cases are drawn once for everyone who needs the same, and a search tries those very cases."""

import importlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.strategies import SearchStrategy
from subjects import claim_of, right

from gradcert import certify
from gradcert.checks import check_named, planned_cases
from gradcert.core.case import Case
from gradcert.core.evidence import Refuted
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.generation import _hypothesis
from gradcert.generation.search import drawn, search
from gradcert.generation.sizes import Size
from gradcert.generation.strategies import cases
from gradcert_implementations import Array
from gradcert_oracle import BINARY32, BINARY64, Format, quantity_of


def _strategy(
    quantity: str = "dE/dz", format: Format = BINARY64, size: Size = Size.SMALL
) -> SearchStrategy[Case]:
    claim = replace(claim_of(right), quantity=quantity_of(quantity), format=format)
    strategy = cases(claim, size=size)
    assert strategy is not None
    return strategy


def _bytes(found: list[Case]) -> list[tuple[bytes, ...]]:
    return [tuple(array.tobytes() for array in case.arguments.values()) for case in found]


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("count", [1, 7, 100])
def test_a_search_tries_the_cases_that_are_drawn(size: Size, count: int) -> None:
    tried: list[Case] = []
    search(tried.append, _strategy(size=size), count=count, seed="3")
    kept = drawn(_strategy(size=size), count=count, seed="3")
    assert _bytes(tried) == _bytes(list(kept))
    assert len(kept) == count


@pytest.mark.parametrize("position", [0, 1, 50, 99])
def test_a_search_goes_on_at_the_drawn_case_that_failed_and_shrinks_it(position: int) -> None:
    every = drawn(_strategy(), count=100, seed="3")
    reached: list[Case] = []

    def fails(case: Case) -> None:
        reached.append(case)
        raise Refuted(lambda: pytest.fail("nobody asked why"))

    search(fails, _strategy(), count=100, seed="3", after=position)
    assert _bytes(reached[:1]) == _bytes([every[position]])
    assert reached[-1].point.tolist() == [[0, 0]]


def test_all_functions_of_logits_in_a_format_share_their_strategy_and_others_do_not() -> None:
    shared = {id(_strategy(quantity)) for quantity in ("softmax", "loss", "do/dz", "dE/dz")}
    assert shared == {id(_strategy())}
    others = [_strategy("dE/do"), _strategy(format=BINARY32), _strategy(size=Size.MANY_CLASSES)]
    assert len({id(_strategy()), *map(id, others)}) == 4


def test_nothing_is_drawn_twice_for_a_subject_that_conforms() -> None:
    drawn.cache_clear()
    certify("numpy", formats=["binary64"], max_examples=10, effort="quick")
    # Small, wide and batches: of logits, of logits under an upstream gradient, of finite logits, of
    # probabilities, and with v for softmax, for log-softmax and for a Hessian.
    assert drawn.cache_info().misses == 21


def _searched(check: str) -> list[tuple[bytes, ...]]:
    """Return the searched cases that a check asks a subject about. Those of the plan come after."""
    met: list[tuple[bytes, ...]] = []

    def recording(z: Array, t: Array) -> Array:
        met.append((z.tobytes(), t.tobytes()))
        return right(z, t)

    claim, settings = claim_of(recording), SearchSettings(max_examples=100, seed=0)
    run_check(claim, check_named(check), settings)
    return met[: -len(planned_cases(check_named(check), claim, settings))]


def test_a_check_with_a_smaller_share_tries_an_evenly_spaced_part_of_the_cases() -> None:
    every, some = _searched("accuracy"), _searched("inputs-unchanged")
    assert some == every[::10]
    assert len(every) == 100


def wrong_from(large: float) -> Callable[[Array, Array], Array]:
    def wrong(z: Array, t: Array) -> Array:
        answer = right(z, t)
        return np.where(np.abs(z).max(axis=1, keepdims=True) > large, -answer, answer)

    return wrong


@pytest.mark.parametrize("seed", range(3))
def test_what_only_a_late_case_refutes_is_shrunk_as_well(seed: int) -> None:
    claim = claim_of(wrong_from(9000))
    outcome = run_check(claim, check_named("accuracy"), SearchSettings(max_examples=100, seed=seed))
    assert isinstance(outcome.failure, Refuted)
    assert outcome.examples > 2
    assert outcome.case is not None
    assert outcome.case.point.shape == (1, 2)


def test_a_private_name_that_hypothesis_renamed_fails_when_the_fence_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(providers, "_get_local_constants")
    with pytest.raises(AttributeError, match="_get_local_constants"):
        importlib.reload(_hypothesis)
