"""The kind of a mistake that no known flaw names."""

import os

import numpy as np
import pytest
from subjects import BY_ID, case_of, claim_of, right

import gradcert
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.kind import mistake
from gradcert.diagnosis.shared_traits import Refuting
from gradcert_implementations import Array
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


def test_what_is_wrong_without_a_masked_class_too_is_no_matter_of_masks() -> None:
    masked, plain = (
        Refuting(
            BY_ID["accuracy"],
            claim_of(right),
            Evidence(case_of([logits], [[1, 0]]), "", returned=("1", "-1"), expected=("0", "0")),
        )
        for logits in ([0, -np.inf], [0, 0])
    )
    assert mistake(None, [masked], once=False) == Mistake.MASK
    assert mistake(None, [masked, plain], once=False) == Mistake.FORMULA
    assert mistake(None, [plain, masked], once=False) == Mistake.FORMULA
