"""What all refuting rows share is said, and only if it is no chance."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from diagnosis_subjects import diagnosis
from subjects import case_of, claim_of, right

from gradcert.checks import check_named
from gradcert.core.case import Regime
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.shared_traits import Refuting, narrower_format, shared_traits
from gradcert_implementations import Array

BENIGN, MASKED = Regime("benign", (), "one-hot"), Regime("benign", ("masked",), "one-hot")


def held(
    *rows: Sequence[float], regime: Regime = BENIGN, returned: Sequence[float] = (0.1,)
) -> list[Refuting]:
    """Return evidence against the same claim, of one row each."""
    check, claim = check_named("accuracy"), claim_of(right)
    values = tuple(map(repr, returned))
    cases = (replace(case_of([row], [row]), regimes=(regime,)) for row in rows)
    return [Refuting(check, claim, Evidence(case, "wrong", returned=values)) for case in cases]


TIED = [1.0, 1.0], [0.5, 2.0, 2.0], [3.0, -1.0, 3.0], [-4.0, -4.0]
TWINS = [1.0, 1.0, 2.0], *TIED


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (TIED, ["every refuting row has two equal logits, the largest"]),
        (TWINS, ["every refuting row has two equal logits"]),
        ((*TIED, [1.0, 2.0]), []),
        (TIED[:3], []),
        ((TIED[0],) * 9, []),
        (tuple([c] * 16 for c in (1.0, 2.0, 3.0, 4.0)), []),
        (tuple([-np.inf, -np.inf, c] for c in (1.0, 2.0, 3.0, 4.0)), []),
        (
            tuple([c, 0.0] for c in (51.9, -70.0, 90.0, 1e4)),
            ["every refuting row has a logit of 51.9 or more in size"],
        ),
        (
            ([-np.inf, 0.0], *([c, 0.0] for c in (709.79, -800.0, 900.0, 1e4))),
            ["every refuting row has a logit of 709 or more in size, or one of -inf"],
        ),
        (([1.0, 0.0], *([c, 0.0] for c in (709.79, -800.0, 900.0, 1e4))), []),
        (tuple([c, 0.0] for c in (5.0, -70.0, 90.0, 1e4)), []),
        (tuple([c, 0.0] for c in (51.9, -70.0, 90.0)), []),
    ],
)
def test_a_trait_of_the_logits_is_said_if_enough_different_rows_share_it(
    rows: Any, said: list[str]
) -> None:
    assert shared_traits(held(*rows)) == said


def test_the_regime_of_all_refuting_rows_is_said_unless_it_is_an_ordinary_one() -> None:
    assert shared_traits(held([1.0, 0.0], regime=MASKED)) == [
        "every refuting row is of the regime masked"
    ]
    assert shared_traits(held([1.0, 0.0])) == []
    assert shared_traits([*held([1.0, 0.0], regime=MASKED), *held([1.0, 0.0])]) == []


THIRDS = np.array([1 / 3, 2 / 7, 3 / 11, 4 / 13])


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (THIRDS.astype(np.float16), ["every returned value is a number of binary16"]),
        (THIRDS.astype(np.float32), ["every returned value is a number of binary32"]),
        (THIRDS.astype(ml_dtypes.bfloat16), ["every returned value is a number of bfloat16"]),
        (
            (*THIRDS.astype(np.float16), 1.0, 0.0, np.nan),
            ["every returned value is a number of binary16"],
        ),
        ((*THIRDS.astype(np.float16), 0.1), []),
        (THIRDS.astype(np.float16)[:3], []),
        (THIRDS, []),
        ((0.0, 0.5, 1.0, 0.75, -1.5, 3.0, 6.0), []),
    ],
)
def test_a_narrower_format_is_known_by_values_that_are_no_simple_fractions(
    returned: Any, said: list[str]
) -> None:
    values = np.asarray(returned).astype(np.float64).tolist()
    assert narrower_format(held([1.0, 0.0], returned=values)) == said


def wrong_at_equal_largest(z: Array, t: Array) -> Array:
    tied = (z == z.max(axis=1, keepdims=True)).sum(axis=1) > 1 if len(z) else []
    found = right(z, t)
    found[tied] *= 1.5
    return found


def wrong_beyond_five_hundred(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[np.where(np.isfinite(z), abs(z), 0).max(axis=1) > 500] *= 1.5
    return found


def by_way_of_binary16(z: Array, t: Array) -> Array:
    return right(z.astype(np.float16), t.astype(np.float16)).astype(z.dtype)


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (wrong_at_equal_largest, "every refuting row has two equal logits, the largest"),
        (wrong_beyond_five_hundred, "every refuting row has a logit of 501 or more in size"),
        (by_way_of_binary16, "every returned value is a number of binary16"),
    ],
)
def test_the_findings_say_which_rows_a_subject_is_wrong_on(
    function: Callable[..., Array], finding: str
) -> None:
    found = diagnosis(function, max_examples=300, effort="standard")
    assert finding in found.findings, found.findings
