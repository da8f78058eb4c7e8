"""The parameter of a flaw is found in the evidence, and is the simplest number that explains it."""

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, right, softmax
from subjects import case_of, claim_of

from gradcert.core.claim import claims_of
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.fitting import fitted, seen
from gradcert_implementations import (
    FORMAT_NAMES,
    Array,
    FormatName,
    Loss,
    Options,
    as_implementation,
    load,
)
from gradcert_implementations.parametric import ParametricFlaw
from gradcert_oracle import FORMATS


def cooled(temperature: float, z: Array, t: Array) -> Array:
    wide = z.astype(np.float64)
    cool = wide - wide.max(axis=1, keepdims=True)
    return (softmax(cool / temperature) - t.astype(np.float64)).astype(z.dtype)


@pytest.mark.parametrize("format", ["binary64", "binary32", "bfloat16"])
@pytest.mark.parametrize("temperature", [0.5, 1.5, 20.0])
def test_a_temperature_is_fitted(temperature: float, format: FormatName) -> None:
    found = diagnosis(lambda z, t: cooled(temperature, z, t), formats=(format,))
    best = found.matches[0]
    assert best.flaw == "temperature-left-on"
    assert best.formula == f"dE/dz_j = softmax(z / {temperature:g})_j - t_j"
    assert 10 * best.explains >= 9 * found.cases


def test_zeros_are_not_explained_by_a_temperature_that_is_a_limit() -> None:
    found = diagnosis(lambda z, t: 0 * right(z, t))
    assert "temperature-left-on" not in {match.flaw for match in (*found.matches, *found.partly)}


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_numbers_are_read_as_roughly_as_the_format_rounds_under_any_loss(
    format: FormatName,
) -> None:
    z, t, loss = np.tile([-1.0, 0, 1, 2], (1, 50)), np.eye(1, 200), Loss(label_smoothing=0.1)
    claim = claim_of(
        as_implementation(right, Options(formats=[format], loss=loss)), format=FORMATS[format]
    )
    (true,) = load("numpy", loss=loss).functions["dE/dz"](z, t)
    skipped = np.where(np.arange(200) < 100, true.astype(claim.format.dtype).astype(float), 0)
    returned, expected = tuple(map(str, skipped)), tuple(map(str, true))
    evidence = Evidence(case_of(z, t, claim.format), "", returned=returned, expected=expected)
    flaw = load("classes-above-a-block-skipped")
    assert isinstance(flaw, ParametricFlaw)
    first = next(fitted(flaw, claim, [seen(claim, evidence)]))
    assert first.formula == "dE/dz_j = 0 for j >= 100"


def test_a_row_of_an_ignored_class_has_no_target_where_parameters_are_fitted() -> None:
    loss = {"ignore_index": 0, "reduction": "mean", "mean_over": "kept"}
    (claim,) = claims_of(
        load("numpy", quantities=["dE/dz"], formats=["fp64"], targets="index", loss=loss)
    )
    case = case_of([[1, 0, 2], [0, 1, 0]], [[1, 0, 0], [0, 1, 0]])
    evidence = Evidence(case, "", row=1, returned=("1", "0", "-1"), expected=("0", "0", "0"))
    # The one row that counts is divided by one.
    assert seen(claim, evidence).returned.tolist() == [1, 0, -1]


def weighed(z: Array, t: Array) -> Array:
    heavier = t.astype(np.float64)
    heavier[:, 0] *= 2
    heavier[:, 1:2] /= 2
    found: Array = softmax(z.astype(np.float64)) * heavier.sum(axis=1, keepdims=True) - heavier
    return found.astype(z.dtype)


def test_a_weight_is_fitted_to_each_class_though_the_first_calls_have_one_label() -> None:
    best = diagnosis(weighed, max_examples=100, effort="standard").matches[0]
    assert best.flaw == "classes-weighted"
    assert (
        best.formula == "w_j t_j in place of t_j, with w = 2 for class 0, 0.5 for class 1, else 1"
    )
