"""The plan of cases, read back from what a recording subject was asked, whatever the seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest
from subjects import right

import gradcert
from gradcert_implementations import Array

SEEDS = range(3)

by_seed = pytest.mark.parametrize("seed", SEEDS)

POWERS = tuple(1 << k for k in range(5, 13))


@dataclass(frozen=True)
class Batch:
    """The arguments of one call, in binary32."""

    logits: Array
    targets: Array

    @property
    def rows(self) -> int:
        return len(self.logits)

    @property
    def classes(self) -> int:
        return int(self.logits.shape[1])


Batches = tuple[Batch, ...]


def asked(seed: int, domain: str) -> Batches:
    """Return what a right subject is asked in binary32, each batch once."""
    seen: dict[int, Batch] = {}

    def recording(z: Array, t: Array) -> Array:
        key = hash((z.shape, z.tobytes(), t.tobytes()))
        if len(z) and not np.isnan(z).any():
            seen.setdefault(key, Batch(z.copy(), t.copy()))
        result: Array = right(z, np.zeros_like(t)) * t.sum(axis=1, keepdims=True) - t
        return result

    found = gradcert.certify(
        recording, formats=["fp32"], targets=domain, seed=seed, max_examples=10
    )
    assert found.verdict == "conforms", found.refutations
    return tuple(seen.values())


@pytest.fixture(scope="module", params=SEEDS)
def batches(request: pytest.FixtureRequest) -> Batches:
    """What a subject for probabilities is asked under each seed; all tests of a seed share it."""
    return asked(request.param, "probability")


def rows(batches: Batches) -> Iterator[tuple[Array, Array]]:
    """Yield the logits and targets of the first 100 rows of each batch, in binary64."""
    for batch in batches:
        some = (array[:100].astype(float) for array in (batch.logits, batch.targets))
        yield from zip(*some, strict=True)


def test_all_numbers_of_classes_of_the_plan_are_tried(batches: Batches) -> None:
    tried = {batch.classes for batch in batches}
    beside = {power + side for power in POWERS for side in (-1, 0, 1)}
    listed = {*range(1, 18), *beside, *range(128, 1025, 128), *range(1024, 4097, 1024)}
    assert listed <= tried
    assert {32000, 50257} <= tried
    assert any(65536 < n < 131072 for n in tried)
    assert any(n > 131072 for n in tried)
    assert len({n for n in tried - listed if n <= 5000}) > 12


def test_another_seed_tries_other_sizes_beside_those() -> None:
    first, second = ({batch.classes for batch in asked(seed, "index")} for seed in (0, 1))
    assert len(first - second) > 10


def test_all_numbers_of_rows_of_the_plan_are_tried(batches: Batches) -> None:
    tried = {batch.rows for batch in batches}
    beside = {power + side for power in POWERS[:6] for side in (-1, 0, 1)}
    assert {*range(1, 18), *beside} <= tried
    assert max(tried) > 65536


def test_batches_have_fewer_as_many_and_more_rows_than_classes(batches: Batches) -> None:
    compared = {np.sign(batch.rows - batch.classes) for batch in batches}
    assert compared == {-1, 0, 1}


def test_long_rows_come_in_batches_of_three_and_more_unlike_rows(batches: Batches) -> None:
    for batch in batches:
        # Fewer rows may be one row, expanded: a layout of a sampled batch.
        if batch.classes > 17 and batch.rows > max(5, 4096 // batch.classes):
            assert len({row.tobytes() for row in batch.logits}) > 2


def test_the_rows_of_a_long_batch_have_no_period(batches: Batches) -> None:
    for batch in batches:
        if batch.rows > 500 and batch.classes > 2:
            for period in (256, 512, 1024, 65536):
                if batch.rows > period + 60:
                    later, earlier = batch.logits[period:], batch.logits[:-period]
                    assert (later != earlier).any(axis=1).sum() > 20


def _places_beside_blocks(classes: int) -> set[int]:
    found = {0, classes - 1}
    for block in (1 << k for k in range(2, 13)):
        if block < classes:
            found |= {block - 1, block}
    return found


@pytest.mark.parametrize("role", ["label", "largest", "second largest"])
def test_every_size_has_each_role_at_both_ends_and_beside_each_block(
    batches: Batches, role: str
) -> None:
    found: dict[int, set[int]] = {}
    for batch in batches:
        if not 17 < batch.classes <= 5000:
            continue
        if role == "label":
            one_hot = (batch.targets == 1).sum(axis=1) == 1
            places = batch.targets[one_hot].argmax(axis=1)
        else:
            # Far from zero rounding may make a few numbers equal to the second.
            value = np.sort(batch.logits, axis=1)[:, [-1 if role == "largest" else -2]]
            equal = batch.logits == value
            few = equal.sum(axis=1, keepdims=True) <= 1 + batch.classes // 8
            places = np.nonzero(equal & few)[1]
        found.setdefault(batch.classes, set()).update(places.tolist())
    assert len(found) > 40
    for classes, places in found.items():
        assert _places_beside_blocks(classes) <= places, classes


@pytest.mark.parametrize("bound", [128, 256, 2048, 32768])
def test_labels_lie_on_both_sides_of_the_ends_of_narrow_types(batches: Batches, bound: int) -> None:
    labels = {
        int(label)
        for batch in batches
        if batch.classes > bound
        for label in batch.targets.argmax(axis=1)
    }
    assert any(label < bound for label in labels)
    assert any(label >= bound for label in labels)


def test_no_gap_between_differences_is_wider_than_a_half(batches: Batches) -> None:
    """A class counts if it has no target: there nothing hides its exponential."""
    seen = []
    for z, t in rows(batches):
        d = z - z.max()
        seen.append(d[(t == 0) & (d > -104)])
    found = np.unique(np.concatenate(seen))
    dense = np.concatenate([[-40.0], found[found >= -40]])
    assert np.diff(dense).max() <= 0.5
    assert np.diff(found[found <= -39]).max() <= 2.5
    assert found.min() < -102


def test_rows_lie_at_every_magnitude_up_to_the_largest_logit(batches: Batches) -> None:
    tops = np.array([z.max() for z, _ in rows(batches)])
    for low in 2.0 ** np.arange(4, 13):
        for sign in (1, -1):
            assert ((low <= sign * tops) & (sign * tops <= 2 * low)).any(), (low, sign)


def _hidden(batches: Batches, value: float) -> Iterator[Array]:
    for z, _ in rows(batches):
        hidden = z == value
        if hidden.any() and not hidden.all():
            yield hidden


@pytest.mark.parametrize("block", [1 << k for k in range(13)])
def test_whole_blocks_are_masked_in_front_in_the_middle_and_at_the_end(
    batches: Batches, block: int
) -> None:
    seen = set()
    for hidden in _hidden(batches, -np.inf):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(int), [0]])))
        if len(edges) == 2 and edges[1] - edges[0] == block:
            seen.add("front" if edges[0] == 0 else "end" if edges[1] == len(hidden) else "middle")
    assert seen == {"front", "middle", "end"}


@pytest.mark.parametrize("value", [-np.inf, -1e4, -1e9, -65504.0, float(np.finfo(np.float32).min)])
def test_all_but_one_all_but_two_alternate_classes_and_a_tail_are_masked(
    batches: Batches, value: float
) -> None:
    value = float(np.float32(value))
    seen = set()
    for hidden in _hidden(batches, value):
        if len(hidden) < 4:
            continue
        if (~hidden).sum() in (1, 2):
            seen.add(int((~hidden).sum()))
        elif np.array_equal(hidden, np.arange(len(hidden)) % 2 == hidden[1]):
            seen.add("alternating")
        elif not hidden[0] and hidden[-1] and np.diff(hidden.astype(int)).sum() == 1:
            seen.add("tail")
    assert seen == {1, 2, "alternating", "tail"}


def test_every_second_row_of_some_batches_is_masked(batches: Batches) -> None:
    def alternates(batch: Batch) -> bool:
        masked = (batch.logits < -9999).any(axis=1)
        return batch.rows > 4 and bool((masked == (np.arange(batch.rows) % 2 == 1)).all())

    assert any(alternates(batch) for batch in batches)


@pytest.mark.parametrize("long", [False, True])
def test_each_row_of_some_batches_hides_the_classes_after_its_number(
    batches: Batches, long: bool
) -> None:
    def is_causal(batch: Batch) -> bool:
        after = np.triu(np.ones(batch.logits.shape, bool), 1)
        return batch.rows == batch.classes > 2 and np.array_equal(np.isneginf(batch.logits), after)

    assert any(is_causal(batch) for batch in batches if (batch.classes > 17) is long)


@pytest.mark.parametrize("long", [False, True])
def test_unlike_rows_of_some_batches_have_one_mask(batches: Batches, long: bool) -> None:
    def is_masked_alike(batch: Batch) -> bool:
        first = batch.logits[0]
        hidden = (batch.logits == first).all(axis=0)
        unlike = len({row.tobytes() for row in batch.logits})
        return unlike > 4 and not hidden.all() and len({*first[hidden].tolist()}) == 1

    assert any(is_masked_alike(batch) for batch in batches if (batch.classes > 17) is long)


def _is_near_tie(z: Array) -> bool:
    top, second = np.sort(z)[::-1][:2]
    return bool(second == np.nextafter(np.float32(top), np.float32(-np.inf)))


@pytest.mark.parametrize(
    "holds",
    [
        lambda z: bool((np.diff(z) >= 0).all() and np.ptp(z) > 1),
        lambda z: bool((np.diff(z) <= 0).all() and np.ptp(z) > 1),
        lambda z: bool((z < 0).all()),
        lambda z: bool((z == z[0]).all()),
        lambda z: len(np.unique(z)) == 2 and np.unique(z, return_counts=True)[1].min() == 1,
        _is_near_tie,
        lambda z: bool((z == np.round(z)).all() and np.ptp(z) > 3),
        lambda z: bool(((z == 0) & np.signbit(z)).any() and ((z == 0) & ~np.signbit(z)).any()),
        lambda z: bool((z == z.astype(ml_dtypes.bfloat16)).all() and (z != np.round(z)).any()),
        lambda z: bool((np.abs(z) < np.finfo(np.float32).tiny).all() and z.any()),
    ],
    ids=[
        "sorted up",
        "sorted down",
        "negative",
        "equal",
        "equal but one",
        "neighbours on top",
        "integers",
        "zeros of both signs",
        "numbers of bfloat16",
        "subnormal numbers",
    ],
)
@pytest.mark.parametrize("long", [False, True])
def test_rows_of_each_kind_come_short_and_long(batches: Batches, long: bool, holds: object) -> None:
    assert callable(holds)
    wanted = range(40, 5000) if long else range(4, 18)
    shown = (z for z, _ in rows(batches) if len(z) in wanted and np.isfinite(z).all())
    assert any(holds(z) for z in shown)


def test_probabilities_sum_to_one_and_are_dense_in_some_rows(batches: Batches) -> None:
    found = [t for _, t in rows(batches)]
    assert all(t.sum() == 1 for t in found)
    assert max(len(np.unique(t[t > 0])) for t in found) > 8
    assert any((t > 0).all() for t in found if len(t) > 40)
    assert any(0 < t[t > 0].min() < 2.0**-23 for t in found)


@by_seed
def test_any_targets_are_large_huge_and_tiny(seed: int) -> None:
    found = [np.abs(t[t != 0]) for _, t in rows(asked(seed, "any")) if t.any()]
    assert any(4 < t.max() < 1000 for t in found)
    assert any(t.max() > 1e20 for t in found)
    assert any(t.max() < 1e-15 for t in found)


@by_seed
def test_signed_targets_are_negative_and_may_sum_to_zero(seed: int) -> None:
    found = [t for _, t in rows(asked(seed, "signed"))]
    assert any((t < 0).any() for t in found)
    assert any(t.any() and t.sum() == 0 for t in found)
    assert any(t.sum() < 0 for t in found)


def test_long_rows_have_every_remainder_by_the_threads_of_a_warp(batches: Batches) -> None:
    tried = {batch.classes for batch in batches if 17 < batch.classes <= 5000}
    assert {n % 32 for n in tried} == {*range(32)}


def test_long_rows_come_alone_and_in_hundreds_and_a_million_numbers_in_one_batch(
    batches: Batches,
) -> None:
    shapes = {(batch.rows, batch.classes) for batch in batches if batch.classes > 17}
    assert any(rows == 1 for rows, _ in shapes)
    assert sum(rows > 82 for rows, _ in shapes) >= 5
    assert any(rows * classes > 1 << 20 for rows, classes in shapes)


def test_other_numbers_than_the_usual_ones_stand_for_minus_infinity(batches: Batches) -> None:
    usual = {*np.array([-1e4, -1e9, -65504, np.finfo(np.float32).min], np.float32).tolist()}
    others = {float(z.min()) for z, _ in rows(batches)} - usual
    assert sum(-np.inf < number < -1e4 for number in others) > 5


def test_some_rows_have_two_to_six_targets(batches: Batches) -> None:
    assert {2, 3, 4} <= {np.count_nonzero(t) for z, t in rows(batches) if len(z) > 17}


@by_seed
def test_any_targets_may_be_all_zero_or_sum_nearly_to_one(seed: int) -> None:
    sums = [t.sum() for z, t in rows(asked(seed, "any")) if len(z) > 17]
    assert 0 in sums
    assert any(0 < abs(total - 1) < 1e-3 for total in sums)


@by_seed
def test_signed_targets_may_all_be_negative_and_large(seed: int) -> None:
    found = [t for _, t in rows(asked(seed, "signed"))]
    assert any(t.any() and (t <= 0).all() for t in found)
    assert any(t.min() < -100 for t in found)
