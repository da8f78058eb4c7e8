"""The generated cases: every regime comes up, means what it says, and keeps to the domain."""

import functools
from collections.abc import Callable, Iterator
from math import exp, inf, log
from random import Random

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from subjects import claim_of, right

import gradcert
from gradcert.checks import check_named
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.generation.shapes import SEARCHED_LOGITS as SHAPES
from gradcert.generation.sizes import Size, shapes
from gradcert.generation.strategies import cases
from gradcert_implementations import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    Array,
    Domain,
    Implementation,
    Loss,
    TargetDomain,
)
from gradcert_oracle import BINARY64, FORMATS, QUANTITIES, Format

LARGEST = 1e4

QUIET = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

OF_ROWS = [name for name in QUANTITY_NAMES if name != "do/dz"]
"""The Jacobian has too many entries for wide rows."""

by_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMAT_NAMES)


def _claim(
    format: Format = BINARY64,
    domain: TargetDomain = "any",
    quantity: str = "dE/dz",
    *,
    largest: float = LARGEST,
    fewest: int = 1,
    output: str = "softmax",
) -> Claim:
    declared = Domain(targets=domain, largest_logit=largest, fewest_classes=fewest)
    (known,) = (q for q in QUANTITIES if (q.name, q.output) == (quantity, output))
    subject = Implementation(
        name="any", functions={quantity: right}, domain=declared, loss=Loss(output=output)
    )
    return Claim(subject, known, format)


def _some(claim: Claim, *, size: Size = Size.SMALL) -> SearchStrategy[Case]:
    strategy = cases(claim, size=size)
    assert strategy is not None
    return strategy


@functools.cache
def _generated(strategy: SearchStrategy[Case], count: int) -> list[Case]:
    """Return the cases of a few searches, each of which keeps near to what it tried before."""
    found: list[Case] = []

    @settings(QUIET, max_examples=count // 5)
    @given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    for seed in range(5):
        hypothesis.seed(seed)(collect)()
    return found


def _cases(claim: Claim, *, size: Size = Size.SMALL) -> list[Case]:
    count = {Size.SMALL: 300, Size.MANY_CLASSES: 120, Size.MANY_ROWS: 60}[size]
    return _generated(_some(claim, size=size), count)


def _rows(
    format: Format, domain: TargetDomain = "any", quantity: str = "dE/dz"
) -> Iterator[tuple[set[str], Array, Array]]:
    """Yield (labels, point, targets) of generated rows, in binary64."""
    for case in _cases(_claim(format, domain, quantity)):
        for regime, point, targets in zip(case.regimes, case.point, case["targets"], strict=True):
            yield set(regime.parts), point.astype(float), targets.astype(float)


def _search(strategy: SearchStrategy[Case], holds: Callable[[Case], bool]) -> None:
    """Fail, with NoSuchExample, unless such a case is generated."""
    found = settings(QUIET, max_examples=5000)
    hypothesis.find(strategy, holds, settings=found, random=Random(0))


def _find(holds: Callable[[set[str], Array], bool], format: Format = BINARY64) -> None:
    """Fail, with NoSuchExample, unless a row of such labels and logits is generated."""

    def has_one(case: Case) -> bool:
        logits = case.point.astype(float)
        return any(holds(set(r.parts), z) for r, z in zip(case.regimes, logits, strict=True))

    _search(_some(_claim(format)), has_one)


@by_format
def test_every_regime_and_kind_of_target_comes_up(format: Format) -> None:
    seen = set().union(*(labels for labels, _, _ in _rows(format)))
    assert seen == {*SHAPES, "offset", "masked", "one-hot", "soft", "smoothed", "unnormalised"}


@pytest.mark.parametrize("over", ["offset", "masked"])
@pytest.mark.parametrize("regime", SHAPES)
def test_any_regime_may_be_moved_or_masked(regime: str, over: str) -> None:
    _find(lambda labels, _: {regime, over} <= labels)


def test_a_masked_row_may_lie_at_a_far_common_offset() -> None:
    _find(lambda labels, logits: {"offset", "masked"} <= labels and logits.max() < -LARGEST / 2)


@pytest.mark.parametrize(
    ("domain", "kinds"),
    [
        ("index", {"one-hot"}),
        ("probability", {"one-hot", "soft", "smoothed"}),
        ("any", {"one-hot", "soft", "smoothed", "unnormalised"}),
    ],
)
@pytest.mark.parametrize("quantity", ["dE/dz", "dE/do"])
def test_a_target_domain_has_its_kinds_of_target_and_no_others(
    quantity: str, domain: TargetDomain, kinds: set[str]
) -> None:
    seen = set().union(*(labels for labels, _, _ in _rows(BINARY64, domain, quantity)))
    assert seen & {"one-hot", "soft", "smoothed", "unnormalised"} == kinds


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_one_class_two_classes_and_batches_of_unlike_rows_come_up(quantity: str) -> None:
    found = _cases(_claim(quantity=quantity))
    assert {1, 2, 3, 8} == {case.classes for case in found}
    assert {1, 2} == {case.rows for case in found}
    assert any(len(set(case.regimes)) > 1 for case in found)


@pytest.mark.parametrize("domain", ["probability", "any"])
def test_any_class_of_a_wide_row_may_have_a_soft_target(domain: TargetDomain) -> None:
    def far(case: Case) -> bool:
        places = np.flatnonzero((case["targets"][0] > 0) & (case["targets"][0] < 1))
        return len(places) > 0 and bool(places.min() > 500)

    _search(_some(_claim(domain=domain), size=Size.MANY_CLASSES), far)


def test_soft_targets_use_all_bits_of_the_format() -> None:
    found = [case["targets"] for case in _cases(_claim())]
    assert any((t != t.astype(np.float32).astype(np.float64)).any() for t in found)


def test_a_masked_row_at_the_lowest_offset_comes_up_under_every_seed() -> None:
    """Where -1e4 stands for -inf, only this shows it."""

    def minus_ten_thousand(z: Array, t: Array) -> Array:
        z = np.where(z == -np.inf, -1e4, z)
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True) - t

    claim, accuracy = claim_of(minus_ten_thousand), check_named("accuracy")
    for seed in range(5):
        outcome = run_check(
            claim, accuracy, SearchSettings(max_examples=gradcert.MAX_EXAMPLES, seed=seed)
        )
        assert isinstance(outcome.failure, Refuted)


@pytest.mark.parametrize("quantity", OF_ROWS)
def test_wide_cases_have_one_row_of_thousands_of_classes(quantity: str) -> None:
    found = _cases(_claim(quantity=quantity), size=Size.MANY_CLASSES)
    assert {case.point.shape for case in found} == {(1, 4097)}


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_a_batch_has_a_thousand_rows_of_which_two_are_unlike(quantity: str) -> None:
    found = _cases(_claim(quantity=quantity), size=Size.MANY_ROWS)
    assert {case.point.shape for case in found} == {(1025, 2)}
    for case in found:
        kinds = {
            (z.tobytes(), t.tobytes()) for z, t in zip(case.point, case["targets"], strict=True)
        }
        assert len(kinds) <= 2
        assert len(case.regimes) == case.rows
    assert any(case.point[0].tobytes() != case.point[-2].tobytes() for case in found)


@pytest.mark.parametrize("quantity", OF_ROWS)
def test_few_shapes_come_up_because_some_subjects_compile_for_each(quantity: str) -> None:
    found = [case for size in Size for case in _cases(_claim(quantity=quantity), size=size)]
    assert len({case.point.shape for case in found}) <= 6


@pytest.mark.parametrize("size", [Size.SMALL, Size.MANY_ROWS])
@pytest.mark.parametrize("below", [None, 2000])
def test_no_case_has_fewer_classes_than_an_implementation_must_take(
    size: Size, below: int | None
) -> None:
    strategy = cases(_claim(domain="index", fewest=3), size=size, below=below)
    assert strategy is not None
    assert min(case.classes for case in _generated(strategy, 100)) == 3


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("below", [3, 16, 1025, 4097])
def test_only_cases_below_a_number_of_logits_are_drawn_where_one_is_given(
    size: Size, below: int
) -> None:
    strategy = cases(_claim(), size=size, below=below)
    if below <= {Size.SMALL: 1, Size.MANY_CLASSES: 1025, Size.MANY_ROWS: 4}[size]:
        assert strategy is None
        return
    assert strategy is not None
    shapes = {case.point.shape for case in _generated(strategy, 40)}
    assert max(rows * classes for rows, classes in shapes) < below
    assert len(shapes) > 1 or (size, below) in {(Size.MANY_ROWS, 16), (Size.MANY_ROWS, 1025)}


@pytest.mark.parametrize("size", Size)
def test_no_logit_is_masked_where_none_may_be(size: Size) -> None:
    found = _cases(_claim(output="sigmoid"), size=size)
    assert not any("masked" in regime.parts for case in found for regime in case.regimes)
    assert all(np.isfinite(case.point.astype(float)).all() for case in found)


@pytest.mark.parametrize(
    ("largest", "format"),
    [(LARGEST, "binary64"), (LARGEST, "bfloat16"), (1007.0, "bfloat16"), (0.5, "binary16")],
)
def test_finite_logits_keep_to_the_bound_and_come_near_it(format: str, largest: float) -> None:
    found = _cases(_claim(FORMATS[format], largest=largest))
    logits = np.concatenate([case.point.astype(float).ravel() for case in found])
    sizes = np.abs(logits[np.isfinite(logits)])
    assert largest / 2 < sizes.max() <= largest


@by_format
@pytest.mark.parametrize("domain", ["probability", "any"])
def test_only_a_class_without_target_is_masked_and_never_a_whole_row(
    format: Format, domain: TargetDomain
) -> None:
    for labels, logits, targets in _rows(format, domain):
        hidden = logits == -inf
        assert hidden.any() == ("masked" in labels)
        assert not hidden.all()
        assert not targets[hidden].any()
        assert np.isfinite(logits[~hidden]).all()


@by_format
@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("quantity", ["dE/dz", "dE/do"])
def test_probability_targets_sum_to_exactly_one_in_the_format_itself(
    quantity: str, size: Size, format: Format
) -> None:
    for case in _cases(_claim(format, "probability", quantity), size=size):
        assert (case["targets"].astype(float) >= 0).all()
        for order in (slice(None), slice(None, None, -1)):
            in_sequence = np.add.accumulate(case["targets"][:, order], axis=1)
            assert in_sequence.dtype == format.dtype
            assert (in_sequence[:, -1] == 1).all()


@by_format
def test_probabilities_are_positive_and_the_targets_divided_by_them_finite(
    format: Format,
) -> None:
    seen = set()
    for labels, probabilities, targets in _rows(format, quantity="dE/do"):
        seen |= labels
        assert ((probabilities > 0) & (probabilities <= 1)).all()
        assert (targets / probabilities <= format.max).all()
    assert {"benign", "tiny", "near one"} <= seen


def _plain_rows(regime: str, format: Format) -> list[Array]:
    """Return the logits of a regime, sorted, where no offset or mask was laid over it."""
    rows = [
        np.sort(logits)
        for labels, logits, _ in _rows(format)
        if regime in labels and not labels & {"offset", "masked"}
    ]
    assert any(len(row) > 1 for row in rows)
    return rows


def _short_of_one(logits: Array) -> float:
    """Return how far the largest probability is from one."""
    odds = float(np.exp(np.sort(logits)[:-1] - logits.max()).sum())
    return odds / (1 + odds)


@by_format
def test_confident_rows_come_between_1e_16_and_a_tenth_a_class_of_one(format: Format) -> None:
    rows = [row for row in _plain_rows("confident", format) if len(row) > 1]
    assert all(1e-16 < _short_of_one(row) < 0.12 * (len(row) - 1) for row in rows)


@pytest.mark.parametrize(("low", "high"), [(1e-16, 1e-13), (1e-9, 1e-6), (1e-2, 0.12)])
def test_confident_rows_come_within_each_of_three_distances_of_one(low: float, high: float) -> None:
    _find(lambda labels, logits: "confident" in labels and low < _short_of_one(logits) < high)


@by_format
def test_a_saturated_row_has_only_one_probability_above_rounding(format: Format) -> None:
    for row in _plain_rows("saturated", format):
        assert _short_of_one(row) <= (len(row) - 1) * exp(-36)
    _find(lambda labels, z: "saturated" in labels and len(z) > 1 and np.ptp(z) > 1000, format)


@by_format
def test_tied_rows_hold_equal_logits(format: Format) -> None:
    tied = [z for labels, z, _ in _rows(format) if "ties" in labels and len(z) > 2]
    assert max(len(set(row[np.isfinite(row)])) for row in tied) <= 2


@by_format
def test_spread_rows_reach_across_the_whole_range(format: Format) -> None:
    _find(lambda labels, z: "spread" in labels and len(z) > 1 and np.ptp(z) > LARGEST, format)


@by_format
def test_benign_rows_stay_small(format: Format) -> None:
    assert all(np.abs(row).max() <= 10 for row in _plain_rows("benign", format))


@by_format
def test_subnormal_rows_hold_a_probability_that_is_subnormal(format: Format) -> None:
    ends = np.log([format.smallest_subnormal, format.smallest_normal])
    low, high = ends.astype(format.dtype).astype(float)  # rounding keeps the order
    for row in _plain_rows("subnormal", format):
        assert row[-1] == 0
        assert ((low <= row[:-1]) & (row[:-1] <= high)).all()
    deep = log(format.smallest_normal) - 1
    _find(lambda labels, z: "subnormal" in labels and -inf < z.min() < deep < z.max() == 0, format)


def test_a_batch_of_very_many_classes_has_fewer_rows() -> None:
    (shape,) = shapes(Size.MANY_ROWS, fewest_classes=10**6, below=None)
    assert (shape.rows, shape.classes) == (2, 10**6)
    (usual,) = shapes(Size.MANY_ROWS, fewest_classes=1000, below=None)
    assert usual.rows == 1025
