"""The parameter of a flaw is found in the evidence, and is the simplest number that explains it."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, right, softmax
from subjects import case_of, claim_of

from gradcert import certify, from_numpy
from gradcert.core.claim import claims_of
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.fitting import fitted, seen
from gradcert_implementations import (
    FORMAT_NAMES,
    Array,
    FormatName,
    Function,
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


@pytest.mark.parametrize("seed", [0, 2])
def test_an_interval_is_fitted_to_all_checks_if_that_of_one_is_contradicted(seed: int) -> None:
    def doubled(z: Array, t: Array) -> Array:
        below = np.subtract(z, np.amax(z, axis=1)[:, None])
        powers = np.exp(below) * np.where((below > -21) & (below < -20.5), 2, 1).astype(z.dtype)
        return powers / np.add.reduce(powers, axis=1)[:, None] - t

    found = diagnosis(doubled, formats=("binary64", "binary32"), effort="standard", seed=seed)
    best = found.matches[0]
    assert best.flaw == "exponential-wrong-on-an-interval"
    low, high = (float(number) for number in re.findall(r"-\d+\.?\d*(?= <| ?,)", best.formula))
    assert -21.1 < low < -20.9
    assert -20.6 < high < -20.4


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


CLAMPED: dict[str, tuple[Callable[[Array, Array], Array], str, str]] = {
    "outputs lowered": (
        lambda z, t: np.where(softmax(z) > 0.62, z.dtype.type(0.62), softmax(z)) - t,
        "probabilities-lowered-to-a-greatest",
        "o_j = min(softmax(z)_j, 0.62)",
    ),
    "lowered": (
        lambda z, t: np.minimum(z.dtype.type(0.37), softmax(z) - t),
        "gradient-clamped",
        "every value is lowered to 0.37 at most",
    ),
    "raised": (
        lambda z, t: np.maximum(z.dtype.type(-0.37), softmax(z) - t),
        "gradient-clamped",
        "every value is raised to -0.37 at least",
    ),
    "both": (
        lambda z, t: np.clip(softmax(z) - t, z.dtype.type(-0.7), z.dtype.type(0.15)),
        "gradient-clamped",
        "every value is clipped to [-0.7, 0.15]",
    ),
}


@pytest.mark.parametrize("clamp", CLAMPED)
def test_a_clamp_of_either_side_is_named_with_its_bound(clamp: str) -> None:
    function, flaw, formula = CLAMPED[clamp]
    best = diagnosis(function).matches[0]
    assert (best.flaw, best.formula) == (flaw, formula)


def from_the_end(labels: Array, slopes: Array) -> None:
    slopes[np.arange(len(slopes)), labels] -= 1


def nowhere(labels: Array, slopes: Array) -> None:
    slopes -= labels[:, None] == np.arange(slopes.shape[1])


def in_front_of_the_row(labels: Array, slopes: Array) -> None:
    places = np.arange(len(slopes)) * slopes.shape[1] + labels
    slopes.reshape(-1)[places[places >= 0]] -= 1


SUBTRACTED = [
    (from_the_end, "counts from the end"),
    (nowhere, "is no class"),
    (in_front_of_the_row, "lies in the row before"),
]


def with_signed_labels(bits: int, subtract: Callable[[Array, Array], None]) -> Function:
    def gradient(z: Array, labels: Array) -> Array:
        slopes = softmax(z)
        unused = 64 - bits  # The upper bits are shifted out, and the sign is shifted in again.
        subtract(labels.astype(np.int64) << unused >> unused, slopes)
        return slopes

    return gradient


@pytest.mark.parametrize("bits", [4, 6, 8])
@pytest.mark.parametrize("where", range(len(SUBTRACTED)))
def test_signed_labels_by_another_hand_have_the_gradient_that_the_formula_says(
    where: int, bits: int
) -> None:
    subtract, said = SUBTRACTED[where]
    rng = np.random.default_rng(bits)
    z, labels = rng.normal(size=(50, 300)), rng.integers(0, 300, 50)
    flaw = load("label-taken-as-signed")
    assert isinstance(flaw, ParametricFlaw)
    fitting = flaw.with_values(bits, where)
    assert fitting.formula == f"the label y is stored in {bits} signed bits; a negative one {said}"
    theirs = with_signed_labels(bits, subtract)(z, labels)
    ours = fitting.functions["dE/dz"](z, np.eye(300)[labels])
    np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("bits", "where"), [(6, 0), (8, 1)])
def test_a_signed_label_is_named_with_its_bits_and_with_where_a_negative_one_lies(
    bits: int, where: int
) -> None:
    subtract, said = SUBTRACTED[where]
    subject = from_numpy(with_signed_labels(bits, subtract), targets="index", formats=["fp64"])
    found = certify(subject, effort="standard", max_examples=20).diagnoses[0].matches[0]
    assert found.flaw == "label-taken-as-signed"
    assert found.formula == f"the label y is stored in {bits} signed bits; a negative one {said}"
