"""A flaw may be tried under every loss, and what it does not touch is right there."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import (
    FLAWED,
    Array,
    Domain,
    Flaw,
    Loss,
    SpecError,
    load,
    numpy_by_hand,
)
from gradcert_implementations.lifted import has_meaning, lifted
from gradcert_implementations.parametric import Seen
from gradcert_implementations.plain_terms import in_plain_terms, plain_terms

WEIGHTS = (0.5, 2, 1, 0.25)

ALONE: tuple[dict[str, Any], ...] = (
    {"label_smoothing": 0.1},
    {"label_smoothing": 0.1, "smoothing_over": "others"},
    {"class_weights": WEIGHTS},
    {"logit_scale": 0.5},
    {"softcap": 20},
    {"z_loss": 0.01},
    {"ignore_index": -100},
    {"ignore_index": 0},
    {"reduction": "sum"},
    {"reduction": "mean"},
    {"multiplier": -3},
)
"""Each option alone."""

TOGETHER: tuple[dict[str, Any], ...] = (
    {"class_weights": WEIGHTS, "label_smoothing": 0.2},
    {"logit_scale": 2, "softcap": 5},
    {"reduction": "mean", "mean_over": "elements", "z_loss": 0.1},
    {
        "class_weights": WEIGHTS,
        "label_smoothing": 0.1,
        "softcap": 5,
        "logit_scale": 0.7,
        "z_loss": 0.1,
        "ignore_index": 1,
        "reduction": "mean",
        "mean_over": "weights",
        "z_loss_mean_over": "kept",
        "multiplier": 2,
    },
)

DIAGONAL_ONLY = load("diagonal-only")
assert isinstance(DIAGONAL_ONLY, Flaw)

FAULTLESS = replace(DIAGONAL_ONLY, name="faultless", functions={"dE/dz": numpy_by_hand.gradient})
"""What would be a flaw, if it were wrong."""


def domain_of(options: dict[str, Any]) -> Domain:
    return Domain(targets="index" if "ignore_index" in options else "probability")


@pytest.mark.parametrize("options", ALONE + TOGETHER, ids=str)
def test_a_right_gradient_that_is_lifted_is_right_under_each_option(
    options: dict[str, Any],
) -> None:
    found = lifted(FAULTLESS, Loss(**options), domain_of(options), takes_upstream=True)
    certificate = gradcert.certify(found, effort="quick")
    assert [result.discrepancy for result in certificate.refutations] == []
    assert certificate.verdict == "conforms"


@pytest.mark.parametrize("options", ALONE + TOGETHER, ids=str)
def test_the_diagonal_only_is_refuted_and_named_under_each_option(options: dict[str, Any]) -> None:
    certificate = gradcert.certify(
        "diagonal-only", loss=options, domain=domain_of(options), effort="quick"
    )
    assert certificate.verdict == "refuted"
    (found,) = certificate.diagnoses
    assert found.matches[0].flaw == "diagonal-only"


def quarter_of_the_logits(logits: Array, targets: Array) -> Array:
    powers = np.exp(logits / 4 - logits.max(axis=1, keepdims=True) / 4)
    smoothed = targets * 0.75 + 0.25 / logits.shape[1]
    slopes: Array = powers / powers.sum(axis=1, keepdims=True) - smoothed
    return slopes / 4


def test_the_numbers_of_a_flaw_are_fitted_under_another_loss() -> None:
    certificate = gradcert.certify(
        quarter_of_the_logits, loss={"label_smoothing": 0.25}, effort="quick"
    )
    (found,) = certificate.diagnoses
    assert found.matches[0].flaw == "logits-scaled"
    assert "0.25 z_j" in found.matches[0].formula


@pytest.mark.parametrize("options", ALONE + TOGETHER, ids=str)
def test_a_row_of_a_loss_is_read_as_one_of_the_plain_loss(options: dict[str, Any]) -> None:
    z = np.array([[0.5, -1, 2, 0], [1, 1, 0, -0.5]])
    t, loss = np.eye(4)[[2, 3]], Loss(**options)
    (gradient,) = lifted(FAULTLESS, loss, domain_of(options)).functions.values()
    found = gradient(z, t)[1]
    plain = in_plain_terms(Seen({"logits": z, "targets": t}, 1, found, found, z.dtype), loss)
    terms = plain_terms(loss, z, t)
    expected = numpy_by_hand.gradient(terms.logits, terms.targets)[1]
    np.testing.assert_allclose(plain.returned, expected, rtol=1e-12, atol=1e-14)


OWNING = {
    name: flaw
    for name in FLAWED
    if isinstance(flaw := load(name), Flaw) and flaw.own and "z_loss" not in flaw.own
}


@pytest.mark.parametrize("name", OWNING)
def test_a_flaw_of_another_option_has_the_right_z_loss(name: str) -> None:
    flaw = OWNING[name]
    ignores = flaw.loss.ignore_index is not None
    z = np.array([[0.5, -1, 2], [1, 1, 0], [3, 0, -0.5], [0, 2, 1]])
    t = np.array([[0, 0, 1], [0, 1, 0], [0, 0, 0] if ignores else [0, 1, 0], [0, 0, 1]], float)
    added = replace(flaw.loss, z_loss=0.1)
    for quantity in flaw.functions:
        numpy = (load("numpy", loss=loss, targets="index") for loss in (added, flaw.loss))
        right, without = (one.functions[quantity](z, t) for one in numpy)
        found = flaw.with_loss(added).functions[quantity](z, t) - flaw.functions[quantity](z, t)
        np.testing.assert_allclose(found, right - without, rtol=0, atol=1e-12)


def test_nothing_is_lifted_to_the_loss_of_the_flaw_itself() -> None:
    assert lifted(DIAGONAL_ONLY, Loss()).functions == DIAGONAL_ONLY.functions
    assert DIAGONAL_ONLY.with_loss(Loss()) is DIAGONAL_ONLY


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_may_be_tried_under_every_loss_that_has_its_options(name: str) -> None:
    flaw = load(name)
    assert isinstance(flaw, Flaw)
    assert has_meaning(flaw, replace(flaw.loss, multiplier=2))
    assert not has_meaning(flaw, Loss(output="sigmoid"))


def test_a_flaw_of_an_option_is_not_made_where_the_option_is_missing() -> None:
    flaw = replace(
        FAULTLESS,
        loss=Loss(softcap=2),
        own=("softcap",),
        functions_for=lambda loss: FAULTLESS.functions if loss.softcap else {},
    )
    assert has_meaning(flaw, Loss(softcap=3, reduction="sum"))
    with pytest.raises(ValueError, match=r"^the flaw faultless has no meaning with Loss\(\); "):
        flaw.with_loss(Loss())


def test_a_flaw_of_quantities_without_options_is_refused_under_another_loss_in_one_line() -> None:
    with pytest.raises(SpecError, match=r"^hessian-zero: the flaw hessian-zero is about hvp, "):
        load("hessian-zero", loss={"softcap": 30})


def test_the_snippet_of_a_flaw_under_another_loss_loads_it_under_that_loss() -> None:
    certificate = gradcert.certify("diagonal-only", loss={"multiplier": 2}, effort="quick")
    discrepancy = certificate.refutations[0].discrepancy
    assert discrepancy is not None
    assert "loss={'multiplier': 2.0}" in discrepancy.snippet


def test_a_loss_that_contradicts_the_targets_of_a_flaw_is_one_line() -> None:
    with pytest.raises(SpecError, match=r"^diagonal-only: ignore_index=0 needs class indices, "):
        load("diagonal-only", loss={"ignore_index": 0})


def test_a_second_backward_starts_from_what_the_first_one_left_under_every_loss() -> None:
    flaw = load("gradient-multiplied-in-place")
    assert isinstance(flaw, Flaw)
    logits, targets = np.array([[1.0, 0.0, 2.0, -1.0], [0.0, 0.5, 0.0, 3.0]]), np.eye(4)[[2, 3]]
    for options in (*ALONE, *TOGETHER):
        loss = Loss(**options)
        made = lifted(flaw, loss, Domain(targets="index", finite_logits=True))
        g = np.array([3.0, -2.0]) if loss.reduction == "none" else np.array(3.0)
        first = made.functions["dE/dz"](logits, targets, g)
        assert made.second_backward is not None
        second = made.second_backward(logits, targets, g)
        np.testing.assert_array_equal(second, first * g.reshape(-1, 1))
