"""A check tries the cases that its seed draws, and shows the smallest one that fails."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from subjects import BY_ID, Gradient, batch_wide_maximum, claim_of, right

from gradcert import certify
from gradcert.core.claim import claims_of
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Died
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.generation.search import drawn
from gradcert_implementations import Array, Options, as_implementation
from gradcert_reports import Certificate


def a_little_scaled(z: Array, t: Array) -> Array:
    return right(z, t) * (1 + 1e-13)


def noisy(z: Array, t: Array) -> Array:
    result: Array = right(z, t) + (np.random.random() < 0.02)  # noqa: NPY002
    return result


def _anew(subject: Gradient, seed: int = 0) -> Certificate:
    """Certify it on cases that are drawn for it."""
    drawn.cache_clear()
    return certify(subject, formats=["binary64"], max_examples=40, seed=seed)


@pytest.mark.parametrize("subject", [right, a_little_scaled, noisy])
def test_the_same_seed_gives_the_same_results(subject: Gradient) -> None:
    first, again = (_anew(subject, seed=1) for _ in range(2))
    assert first.results == again.results


def test_a_seed_means_the_same_whatever_else_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = {[x / 7 for x in range(1000)]}")
    monkeypatch.syspath_prepend(tmp_path)
    first = _anew(right)
    import_module("full_of_numbers")
    assert _anew(right).results == first.results


def test_another_seed_makes_another_search() -> None:
    assert _anew(right, seed=1).results != _anew(right, seed=2).results


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("format", ["binary64", "binary32"])
def test_diagonal_only_shrinks_to_two_equal_logits_whatever_the_seed(
    format: str, seed: int
) -> None:
    found = certify("diagonal-only", formats=[format], max_examples=20, seed=seed)
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.arguments == {"logits": (("0.0", "0.0"),), "targets": (("1.0", "0.0"),)}
    assert (shown.expected, shown.returned) == (("-0.5", "0.5"), ("-0.5", "0.0"))


@pytest.mark.parametrize("seed", range(3))
def test_a_row_that_depends_on_the_others_is_shown_with_one_other(seed: int) -> None:
    check = BY_ID["row-independence"]
    outcome = run_check(
        claim_of(batch_wide_maximum), check, SearchSettings(max_examples=100, seed=seed)
    )
    assert isinstance(outcome.failure, Refuted)
    assert outcome.case is not None
    assert outcome.case.point.shape == (2, 2)


def test_a_backward_of_outputs_that_ends_its_process_is_shown_by_logits_of_zeros() -> None:
    def backward(y: Array, v: Array) -> Array:
        raise Died(f"ended at {y.shape} and {v.shape}")

    options = Options(quantities=["softmax-backward"], formats=["binary64"])
    (claim,) = claims_of(as_implementation(backward, options))
    outcome = run_check(claim, BY_ID["accuracy"], SearchSettings(max_examples=1, seed=0))
    assert isinstance(outcome.failure, Died)
    assert outcome.case is not None
    assert outcome.case.point.tolist() == [[0.0]]
