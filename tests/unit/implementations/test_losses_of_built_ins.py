"""The built-ins compute any loss and its gradient, and each has gradient code of its own."""

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import gradcert
from gradcert.core.case import Case, Regime
from gradcert.core.claim import claims_of
from gradcert.core.evidence import floats
from gradcert.core.limits import UNLIMITED
from gradcert.isolation.subject import isolate
from gradcert_implementations import (
    BUILT_IN,
    LOSSES,
    Implementation,
    Loss,
    Reduction,
    load,
    needed_targets,
    reloading,
)
from gradcert_oracle import FORMATS, judge

LOGITS = np.array([[0, 0, 0], [30.5, 29, 30], [3, -2, -40], [-8, -7.5, -9]])
LABELS = np.eye(3)[[0, 1, 2, 1]]
MEAN = {"reduction": "mean", "mean_over": "kept", "ignore_index": -100}

by_name = pytest.mark.parametrize("name", BUILT_IN)


def of(name: str, loss: Loss | dict[str, Any]) -> Implementation:
    chosen = loss if isinstance(loss, Loss) else Loss(**loss)
    return load(name, loss=loss, targets=needed_targets(chosen))


def batch(loss: Loss, format: str) -> Case:
    """Return a batch whose first row has the label 0, and whose third row is ignored if any is."""
    targets, dtype = LABELS.copy(), FORMATS[format].dtype
    if loss.ignore_index is not None:
        targets[2] = 0
    g = np.array([1, -0.5, 3, 0.25]) if loss.reduction is Reduction.NONE else np.array(-0.75)
    named = {"logits": LOGITS.astype(dtype), "targets": targets.astype(dtype)}
    return Case(named, (Regime("chosen"),) * 4, g.astype(dtype))


@pytest.mark.parametrize("format", ["binary64", "bfloat16"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@by_name
def test_a_built_in_computes_every_loss_and_its_gradient_as_the_oracle_does(
    name: str, loss: Loss, format: str
) -> None:
    for claim in claims_of(replace(of(name, loss), formats=(format,))):
        case = batch(loss, format)
        answer = claim.answer(case)
        for row, question in enumerate(claim.questions(case)):
            values = floats(answer[row])
            assert judge(question, values).algorithm is not None, (claim, row, values)


@by_name
def test_two_losses_have_functions_of_their_own(name: str) -> None:
    plain, twice = load(name), of(name, {"multiplier": 2})
    for quantity in ("loss", "dE/dz"):
        once = plain.functions[quantity](LOGITS, LABELS)  # type: ignore[index]
        np.testing.assert_array_equal(twice.functions[quantity](LOGITS, LABELS), 2 * once)  # type: ignore[index]


@by_name
def test_a_built_in_multiplies_its_gradient_by_the_upstream_gradient(name: str) -> None:
    g = np.array([2.0, 0.5, 0.0, -4.0])
    for subject in (load(name), of(name, {"multiplier": 2})):
        assert subject.takes_upstream
        slopes = subject.functions["dE/dz"]
        np.testing.assert_array_equal(
            slopes(LOGITS, LABELS, g), slopes(LOGITS, LABELS) * g[:, np.newaxis]
        )


@by_name
def test_nothing_of_an_ignored_row_reaches_an_answer_whatever_it_holds(name: str) -> None:
    functions, g = of(name, MEAN).functions, np.array(2.0)
    targets = LABELS.copy()
    targets[2] = 0
    right = [functions["loss"](LOGITS, targets), functions["dE/dz"](LOGITS, targets, g)]
    assert not right[1][2].any()
    for strange in (np.nan, np.inf, -np.inf):
        logits = LOGITS.copy()
        logits[2] = strange
        again = [functions["loss"](logits, targets), functions["dE/dz"](logits, targets, g)]
        for one, other in zip(right, again, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("said", ["nan", "zero"])
@by_name
def test_where_nothing_is_kept_the_answer_is_what_the_loss_says(name: str, said: str) -> None:
    loss = MEAN | {"nothing_kept_loss": said, "nothing_kept_gradient": said}
    functions, wanted = of(name, loss).functions, {"nan": np.nan, "zero": 0.0}[said]
    nothing = np.zeros_like(LABELS)
    np.testing.assert_equal(functions["loss"](LOGITS, nothing), wanted)
    slopes = functions["dE/dz"](LOGITS, nothing, np.array(1.0))
    np.testing.assert_array_equal(slopes, np.full_like(LOGITS, wanted))


@by_name
def test_a_mean_over_weights_that_are_all_zero_is_a_mean_of_nothing(name: str) -> None:
    loss = {
        "class_weights": [0, 0, 1],
        "reduction": "mean",
        "mean_over": "weights",
        "nothing_kept_gradient": "zero",
    }
    functions, labels = of(name, loss).functions, LABELS[[0, 1, 1, 0]]
    assert np.isnan(functions["loss"](LOGITS, labels))
    assert not functions["dE/dz"](LOGITS, labels, np.array(1.0)).any()


@by_name
def test_a_16_bit_format_has_class_weights_of_its_own(name: str) -> None:
    weights = np.array([0.1, 1, 1])
    logits, labels = (array.astype(ml_dtypes.bfloat16) for array in (LOGITS[:1], LABELS[:1]))
    found = of(name, {"class_weights": weights}).functions["loss"](logits, labels)
    rounded = float(weights.astype(ml_dtypes.bfloat16)[0]) * np.log(3)
    assert found == np.array(rounded).astype(ml_dtypes.bfloat16)


@by_name
def test_the_built_ins_have_no_functions_for_another_output_than_the_softmax(name: str) -> None:
    functions_for = load(name).functions_for
    assert functions_for is not None
    assert functions_for(Loss(output="sigmoid")) == {}


@pytest.mark.parametrize("loss", [Loss(), Loss(softcap=30.0, multiplier=2.0)])
def test_a_second_backward_of_torch_is_that_of_the_loss(loss: Loss) -> None:
    subject, g = of("torch", loss), np.array([2.0, 0.5, 0.0, -4.0])
    assert subject.second_backward is not None
    again = subject.second_backward(LOGITS, LABELS, g)
    np.testing.assert_array_equal(again, subject.functions["dE/dz"](LOGITS, LABELS, g))
    by_hand = of("numpy", loss).functions["dE/dz"](LOGITS, LABELS, g)
    np.testing.assert_allclose(again, by_hand, rtol=1e-12)


def test_with_another_loss_a_second_backward_is_of_that_loss_or_nobody_asks_for_it() -> None:
    torch = load("torch")
    without = replace(torch, second_backward_for=None)
    assert without.with_loss(Loss(multiplier=2)).second_backward is None
    again = torch.with_loss(Loss(multiplier=2)).second_backward
    assert again is not None
    once = torch.functions["dE/dz"](LOGITS, LABELS, np.ones(4))
    np.testing.assert_array_equal(again(LOGITS, LABELS, np.ones(4)), 2 * once)


def test_a_built_in_with_options_can_be_loaded_again_with_them() -> None:
    loss = LOSSES["all options"]
    again = load("numpy", **reloading(of("numpy", loss)))
    assert (again.loss, again.domain.targets) == (loss, "index")


@pytest.mark.parametrize("how", ["from an object", "from a name"])
def test_in_a_process_of_its_own_a_built_in_has_the_functions_of_its_loss(how: str) -> None:
    chosen: dict[str, Any] = {"formats": ["fp64"], "loss": {"softcap": 3, "multiplier": -2}}
    subject = isolate(load("numpy", **chosen), UNLIMITED) if how == "from an object" else "numpy"
    limits = None if how == "from an object" else UNLIMITED
    given = {} if how == "from an object" else chosen
    found = gradcert.certify(subject, max_examples=5, effort="quick", limits=limits, **given)
    assert found.verdict == "conforms", found.refutations
