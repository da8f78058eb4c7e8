"""The kind of a mistake that no known flaw names."""

import os

import numpy as np
import pytest
from subjects import BY_ID, case_of, claim_of, right

import gradcert
from gradcert.core.claim import Claim, claims_of
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.kind import mistake
from gradcert.diagnosis.shared_traits import Refuting
from gradcert_implementations import Array, Flaw, load
from gradcert_reports import Mistake


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    quotients: Array = powers / powers.sum(axis=1, keepdims=True)
    return quotients


def _tripled_at_odd_classes(logits: Array, targets: Array) -> Array:
    slopes = _softmax(logits) - targets
    slopes[:, 1::2] *= 3
    return slopes


def _rounded(logits: Array, targets: Array) -> Array:
    return (np.round(_softmax(logits) * 4096) / 4096).astype(logits.dtype) - targets


def _nan_beside_a_mask(logits: Array, targets: Array) -> Array:
    slopes = _softmax(logits) - targets
    slopes[np.isneginf(logits).any(axis=1)] = np.nan
    return slopes


def _wrong_beyond_forty(logits: Array, targets: Array) -> Array:
    slopes = _softmax(logits) - targets
    slopes[:, 40:] *= -2
    return slopes


def _changes_the_environment(logits: Array, targets: Array) -> Array:
    os.environ["KERNEL_WAS_HERE"] = "yes"
    return _softmax(logits) - targets


def _writes_into_its_targets(logits: Array, targets: Array) -> Array:
    targets -= _softmax(logits)
    return -targets


@pytest.mark.parametrize(
    ("gradient", "kind"),
    [
        (_tripled_at_odd_classes, Mistake.FORMULA),
        (_rounded, Mistake.PRECISION),
        (_nan_beside_a_mask, Mistake.MASK),
        (_wrong_beyond_forty, Mistake.SIZE),
        (_changes_the_environment, Mistake.SIDE_EFFECT),
        (_writes_into_its_targets, Mistake.MEMORY),
    ],
)
def test_a_mistake_has_the_kind_that_its_cases_show(gradient: object, kind: Mistake) -> None:
    found = gradcert.certify(gradient, formats=["binary64"], effort="quick")  # type: ignore[arg-type]
    (diagnosis,) = found.diagnoses
    assert diagnosis.mistake == kind


def _refuting(claim: Claim, logits: object, targets: object, row: int = 0) -> Refuting:
    case = case_of(logits, targets)
    evidence = Evidence(case, "", row=row, returned=("1", "-1"), expected=("0", "0"))
    return Refuting(BY_ID["accuracy"], claim, evidence)


def test_only_the_refuting_row_decides_whether_a_class_is_masked() -> None:
    two = [[0, 0], [0, -np.inf]], [[1, 0], [1, 0]]
    plain, masked = (_refuting(claim_of(right), *two, row) for row in (0, 1))
    assert mistake(None, [plain], once=False) == Mistake.FORMULA
    assert mistake(None, [masked], once=False) == Mistake.MASK


def test_a_flaw_about_masks_is_another_mistake_if_a_refuting_row_has_no_masked_class() -> None:
    named, claim = load("masked-but-one"), claim_of(right)
    assert isinstance(named, Flaw)
    plain, masked = (_refuting(claim, [[0, z]], [[1, 0]]) for z in (0, -np.inf))
    assert mistake(named, [masked], once=False) == Mistake.MASK
    assert mistake(named, [masked, plain], once=False) == Mistake.FORMULA


def test_what_is_wrong_in_ignored_rows_only_is_about_them_though_a_class_is_masked() -> None:
    subject = load("numpy", quantities=["dE/dz"], targets="index", loss={"ignore_index": -100})
    claim = next(claims_of(subject))
    masked = [[0, -np.inf]]
    ignored, kept = (_refuting(claim, masked, targets) for targets in ([[0, 0]], [[1, 0]]))
    assert mistake(None, [ignored], once=False) == Mistake.IGNORED
    assert mistake(None, [ignored, kept], once=False) == Mistake.MASK


def test_what_is_wrong_without_a_masked_class_too_is_no_matter_of_masks() -> None:
    masked, plain = (
        _refuting(claim_of(right), [logits], [[1, 0]]) for logits in ([0, -np.inf], [0, 0])
    )
    assert mistake(None, [masked], once=False) == Mistake.MASK
    assert mistake(None, [masked, plain], once=False) == Mistake.FORMULA
    assert mistake(None, [plain, masked], once=False) == Mistake.FORMULA
