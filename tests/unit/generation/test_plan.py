"""The plan itself: dealt without a gap, the same for a seed, and shared between claims."""

from dataclasses import replace
from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest

from gradcert.core.claim import Claim, claims_of
from gradcert.generation.bands import Band, differences, magnitudes, probabilities
from gradcert.generation.dealing import plan
from gradcert.generation.filling import filled
from gradcert.generation.masks import Pattern, masks
from gradcert.generation.places import blocks, places
from gradcert.generation.scope import scope_of
from gradcert.generation.shapes import SATURATED
from gradcert.generation.sizes import FEW
from gradcert_implementations import FORMAT_NAMES, load
from gradcert_oracle import FORMATS, Format

by_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMAT_NAMES)


def _claim(quantity: str = "dE/dz", format: str = "binary32", name: str = "numpy") -> Claim:
    (claim,) = claims_of(load(name, quantities=[quantity], formats=[format]))
    return claim


def test_a_seed_means_the_same_plan_with_every_version_of_numpy() -> None:
    found = plan(scope_of(_claim(), 0))
    listed = [(case.rows, case.classes, case.unlike) for case in (*found.few, *found.many)]
    assert crc32(repr(listed).encode()) == 1079521084


def test_another_seed_means_another_plan() -> None:
    first, second = (plan(scope_of(_claim(), seed)) for seed in (0, 1))
    assert [case.classes for case in first.many] != [case.classes for case in second.many]
    assert first.few[5].unlike != second.few[5].unlike


def test_claims_of_one_format_share_the_cases_of_logits() -> None:
    scopes = [scope_of(_claim(quantity), 0) for quantity in ("softmax", "do/dz", "loss")]
    assert len(set(scopes)) == 1
    under_upstream = scope_of(_claim("dE/dz"), 0)
    assert under_upstream.upstream
    assert replace(under_upstream, upstream=False) == scopes[0]
    assert scope_of(_claim("dE/do"), 0) != scopes[0]


def test_all_claims_of_a_subject_have_the_same_sizes() -> None:
    sizes = {
        frozenset((case.rows, case.classes) for case in plan(scope_of(_claim(*claim), 0)).few)
        for claim in (("dE/dz", "binary64"), ("dE/dz", "bfloat16"), ("dE/do", "binary32"))
    }
    assert len(sizes) == 1


@by_format
def test_bands_leave_no_gap(format: Format) -> None:
    for bands in (differences(format), magnitudes(1e4), probabilities(format)):
        assert all(one.high == other.low for one, other in pairwise(bands))
        assert bands[-1].high in (0.0, 1e4)


@by_format
def test_bands_of_differences_are_a_quarter_wide_down_to_40(format: Format) -> None:
    near = [band for band in differences(format) if band.low >= -40]
    assert max(band.high - band.low for band in near) <= 0.25
    assert differences(format)[0].low == pytest.approx(np.log(format.smallest_subnormal))


def test_a_mask_hides_some_classes_and_never_all_of_a_row_that_it_fits() -> None:
    for mask in masks(FORMATS["binary64"], np.random.default_rng(0)):
        for classes in (2, 3, 5, 17, 130, 4097, 9000):
            if mask.fits(classes):
                for kept in (0, classes // 2, classes - 1):
                    assert 0 < mask.hidden(classes, kept).sum() < classes, (mask, classes, kept)


def test_a_block_in_the_middle_ends_where_blocks_end_if_the_row_is_long_enough() -> None:
    for mask in masks(FORMATS["binary64"], np.random.default_rng(0)):
        if mask.pattern is Pattern.MIDDLE:
            hidden = np.flatnonzero(mask.hidden(4 * mask.block + 3, 0))
            assert hidden[0] % mask.block == 0
            assert len(hidden) == mask.block


@by_format
def test_a_finite_mask_is_a_number_of_the_format(format: Format) -> None:
    values = {mask.value for mask in masks(format, np.random.default_rng(0))} - {-np.inf}
    assert all(np.isfinite(np.array(value).astype(format.dtype).astype(float)) for value in values)
    assert -format.max in values


def test_places_are_both_ends_and_beside_the_ends_of_blocks() -> None:
    assert blocks(129) == (4, 8, 16, 32, 64, 128)
    assert {0, 127, 128, 63, 64} <= {*places(129).tolist()}
    assert places(1).tolist() == [0]


@by_format
@pytest.mark.parametrize("name", ["any-targets", "numpy"])
def test_every_planned_row_is_one_that_its_claim_is_about(name: str, format: Format) -> None:
    if format.name not in load(name).formats:
        pytest.skip("it does not claim the format")
    claim = _claim(name=name, format=format.name)
    for planned in plan(scope_of(claim, 1)).few:
        case = filled(planned)
        z, t = case.point.astype(float), case["targets"].astype(float)
        assert (z.max(axis=1) >= -claim.implementation.domain.largest_logit).all()
        assert (z.max(axis=1) <= claim.implementation.domain.largest_logit).all()
        assert not t[z < -claim.implementation.domain.largest_logit].any()
        assert np.isfinite(t).all()


by_seed = pytest.mark.parametrize("seed", range(3))


@by_seed
@pytest.mark.parametrize("quantity", ["dE/dz", "dE/do"])
def test_of_a_thousand_classes_each_is_the_label_of_a_row(quantity: str, seed: int) -> None:
    long = plan(scope_of(_claim(quantity), seed)).many
    labels = {
        case.classes: {row.label for row in case.unlike}
        for case in long
        if case.rows == case.classes > 1000
    }
    assert any(len(found) == classes for classes, found in labels.items())


@by_seed
def test_of_a_thousand_classes_each_has_the_largest_number_of_a_row_far_above_the_rest(
    seed: int,
) -> None:
    (square,) = [
        case
        for case in plan(scope_of(_claim(), seed)).many
        if case.rows == case.classes > 1000 and len(case.unlike) == case.rows
    ]
    z = filled(square).point.astype(float)
    assert {*z.argmax(axis=1).tolist()} == {*range(square.classes)}
    above = np.diff(np.sort(z, axis=1)[:, -2:], axis=1)
    assert above.min() > 35
    assert np.median(above) > 100


@by_seed
@by_format
def test_every_number_of_classes_has_a_row_that_is_far_above_the_rest_in_its_last_class(
    format: Format, seed: int
) -> None:
    long = plan(scope_of(_claim(format=format.name), seed)).many
    far = {
        case.classes
        for case in long
        for row in case.unlike
        if row.shape == SATURATED and row.mask is None and row.largest == case.classes - 1
    }
    assert {case.classes for case in long if case.classes > FEW} == far


@by_seed
def test_every_class_of_a_vocabulary_is_more_of_the_sum_of_a_row_than_a_loop_may_lose(
    seed: int,
) -> None:
    (planned,) = [
        case
        for case in plan(scope_of(_claim(), seed)).many
        if case.classes > 30_000 and case.rows > 10
    ]
    z = filled(planned).point.astype(float)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    largest_share = (powers / powers.sum(axis=1, keepdims=True)).max(axis=0)
    # A loop adds the numbers that are in sight, and rounds as often.
    added = np.isfinite(z).sum(axis=1).max()
    assert largest_share.min() > 1.5 * added * 2.0**-23


def test_a_band_says_from_where_to_where_it_goes() -> None:
    assert str(Band(-0.25, 0.0)) == "-0.25 to 0"
