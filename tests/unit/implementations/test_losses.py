"""The record of a loss: its options, what contradicts what, and what it is in words."""

import re
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import ml_dtypes
import msgspec
import numpy as np
import pytest
import torch

from gradcert_implementations import (
    Domain,
    Given,
    Implementation,
    Layout,
    Loss,
    NamedWeights,
    Reduction,
    classes_of,
    domain_in_words,
    fewest_classes,
    finite_logits,
    loss_in_words,
    recorded,
    unclaimed,
)
from gradcert_implementations.importing import imported_object, named
from gradcert_implementations.interface.given import given_fields, options_of
from gradcert_implementations.interface.losses import overridden

EVERYTHING: dict[str, Any] = {
    "label_smoothing": 0.1,
    "smoothing_over": "others",
    "class_weights": (0.5, 2.0, 1.0),
    "ignore_index": -100,
    "logit_scale": 0.5,
    "softcap": 30.0,
    "z_loss": 1e-4,
    "reduction": "mean",
    "mean_over": "weights",
    "z_loss_mean_over": "kept",
    "multiplier": -2.0,
    "nothing_kept_loss": "nan",
    "nothing_kept_gradient": "zero",
}


def reciprocals(classes: int) -> list[float]:
    return [1 / (1 + k) for k in range(classes)]


def test_a_loss_has_every_option_of_the_losses_that_people_ship() -> None:
    assert [option.name for option in fields(Loss)] == ["output", *EVERYTHING]
    assert options_of(Loss(**EVERYTHING)) == EVERYTHING


def test_each_option_stands_in_the_docstring_of_the_record() -> None:
    for record in (Loss, Domain):
        documented = re.findall(r"(?m)^    (\w+(?:, \w+)*)$", record.__doc__ or "")
        assert {option.name for option in fields(record)} <= set(", ".join(documented).split(", "))


def test_the_plain_loss_has_no_option_and_can_be_a_key() -> None:
    assert Loss() == Loss(output="softmax", class_weights=None, softcap=None)
    assert {Loss(): "plain", Loss(**EVERYTHING): "all"}[Loss(**EVERYTHING)] == "all"


def test_a_record_is_shown_as_it_can_be_written() -> None:
    for record in (Loss(**EVERYTHING), Domain(targets="index", layout="sequence", classes=3)):  # type: ignore[arg-type]
        assert eval(repr(record), {"Loss": Loss, "Domain": Domain}) == record


def test_all_options_travel_as_json() -> None:
    for loss in (Loss(**EVERYTHING), Loss(class_weights=reciprocals)):
        assert msgspec.json.decode(msgspec.json.encode(loss), type=Loss) == loss
    domain = Domain(layout="channels", classes=7)  # type: ignore[arg-type]
    assert msgspec.json.decode(msgspec.json.encode(domain), type=Domain) == domain


def test_numbers_of_numpy_become_numbers_of_python() -> None:
    loss = Loss(label_smoothing=np.float64(0.5), ignore_index=np.int64(0))  # type: ignore[arg-type]
    assert [type(loss.label_smoothing), type(loss.ignore_index)] == [float, int]


def test_an_ignored_class_may_be_zero() -> None:
    assert Loss(ignore_index=0).ignore_index == 0
    assert options_of(Loss(ignore_index=0)) == {"ignore_index": 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0; expected a number from 0 up to 1"),
        ({"label_smoothing": -0.1}, "label_smoothing is -0.1; expected a number from 0 up to 1"),
        ({"label_smoothing": float("nan")}, "label_smoothing is nan; expected a number from 0 "),
        ({"label_smoothing": True}, "label_smoothing is True; expected a number from 0 up to 1"),
        ({"smoothing_over": "al"}, "unknown smoothing_over 'al'; did you mean all? choose from"),
        ({"softcap": 0}, "softcap is 0; expected a positive finite number, such as 30, or None"),
        ({"softcap": -1.0}, "softcap is -1.0; expected a positive finite number, such as 30, or"),
        ({"softcap": float("inf")}, "softcap is inf; expected a positive finite number, such as"),
        ({"logit_scale": 0.0}, "logit_scale is 0.0; expected a positive finite number, such as "),
        ({"logit_scale": float("inf")}, "logit_scale is inf; expected a positive finite number"),
        ({"z_loss": -1e-4}, "z_loss is -0.0001; expected a finite number from 0 up, such as 1e-4"),
        ({"multiplier": 0.0}, "multiplier is 0.0; expected a finite number that is not 0, such"),
        ({"multiplier": float("inf")}, "multiplier is inf; expected a finite number that is not"),
        ({"ignore_index": 1.5}, "ignore_index is 1.5; expected a whole number, such as -100, or"),
        ({"ignore_index": True}, "ignore_index is True; expected a whole number, such as -100"),
        ({"reduction": "average"}, "unknown reduction 'average'; choose from none, sum, mean"),
        ({"class_weights": []}, "class_weights is []; expected finite numbers from zero up, not"),
        ({"class_weights": [0, 0]}, "class_weights is [0, 0]; expected finite numbers from zero"),
        ({"class_weights": [1, -1]}, "class_weights is [1, -1]; expected finite numbers from zer"),
        ({"class_weights": [1, float("inf")]}, "class_weights is [1, inf]; expected finite numb"),
        ({"class_weights": [[1, 2]]}, "class_weights is [[1, 2]]; expected finite numbers from"),
        ({"class_weights": 2.0}, "class_weights is 2.0; expected finite numbers from zero up, no"),
        ({"class_weights": "1,two"}, "class_weights is '1,two'; expected numbers such as 0.5,2,1,"),
        (
            {"mean_over": "kept"},
            "mean_over=kept has no meaning without reduction=mean; add it, or leave mean_over out",
        ),
        (
            {"mean_over": "kept", "reduction": "sum"},
            "mean_over=kept has no meaning without reduction=mean; add it, or leave mean_over out",
        ),
        (
            {"mean_over": "weights", "reduction": "mean"},
            "mean_over=weights needs class_weights; add them, or write mean_over=kept",
        ),
        (
            {"z_loss_mean_over": "weights", "reduction": "mean", "z_loss": 1.0},
            "z_loss_mean_over=weights needs class_weights; add them, or write z_loss_mean_over",
        ),
        (
            {"z_loss_mean_over": "kept", "reduction": "mean"},
            "z_loss_mean_over=kept has no meaning without z_loss and reduction=mean; add it, or",
        ),
        ({"smoothing_over": "others"}, "smoothing_over=others has no meaning without label_smooth"),
        ({"nothing_kept_loss": "nan"}, "nothing_kept_loss=nan has no meaning without reduction=m"),
        (
            {"output": "sigmoid", "label_smoothing": 0.1},
            "label_smoothing has no meaning with output=sigmoid; leave one of them out",
        ),
        (
            {"output": "identity", "softcap": 30.0},
            "softcap has no meaning with output=identity; leave one of them out",
        ),
        (
            {"output": "sigmoid", "ignore_index": 0},
            "ignore_index has no meaning with output=sigmoid; leave one of them out",
        ),
    ],
    ids=str,
)
def test_options_of_a_loss_that_mean_nothing_are_refused_in_one_line(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Loss(**options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_mean_over_kept_rows_needs_no_ignore_index() -> None:
    assert Loss(reduction="mean", mean_over="kept").ignore_index is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        [0.5, 2, 1],
        (0.5, 2.0, 1.0),
        "0.5,2,1",
        np.array([0.5, 2, 1], np.float32),
        np.array([0.5, 2, 1], ml_dtypes.bfloat16),
        torch.tensor([0.5, 2, 1], dtype=torch.float64),
    ],
    ids=lambda given: type(given).__name__,
)
def test_class_weights_are_an_array_of_any_kind_and_fix_the_number_of_classes(given: Any) -> None:
    loss = Loss(class_weights=given)
    assert loss.class_weights == (0.5, 2.0, 1.0)
    assert classes_of(loss, Domain()) == 3
    assert loss.weights(3) == (0.5, 2.0, 1.0)
    with pytest.raises(ValueError, match="class_weights has 3 numbers for 4 classes"):
        loss.weights(4)


def test_a_class_may_have_the_weight_zero() -> None:
    assert Loss(class_weights=[0, 1]).weights(2) == (0.0, 1.0)


def test_class_weights_may_be_a_function_from_the_number_of_classes() -> None:
    loss = Loss(class_weights=lambda n: np.arange(1, n + 1))
    assert classes_of(loss, Domain()) is None
    assert loss.weights(3) == (1.0, 2.0, 3.0)
    assert loss.weights(2) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda n: [1.0] * (n + 1), "class_weights has 4 numbers for 3 classes"),
        (lambda n: [-1.0] * n, "class_weights is [-1.0, -1.0, -1.0]; expected finite numbers fr"),
        (lambda n: 1 // (n - n), "class_weights raised ZeroDivisionError for 3 classes: integer"),
    ],
    ids=["too many", "negative", "an error"],
)
def test_a_function_that_does_not_return_weights_is_one_line(function: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Loss(class_weights=function).weights(3)
    assert str(caught.value).startswith(message)


def test_no_class_weights_are_no_numbers() -> None:
    assert Loss().weights(3) is None


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "my_weights.py"
    path.write_text(
        "import numpy as np\n"
        "three = np.array([0.5, 2.0, 1.0])\n"
        "def rising(classes):\n"
        "    return np.arange(1, classes + 1)\n"
    )
    return path


def test_class_weights_may_be_named_by_a_file_with_an_array_or_a_function(weights: Path) -> None:
    assert Loss(class_weights=f"{weights}:three").class_weights == (0.5, 2.0, 1.0)
    named = Loss(class_weights=f"{weights}:rising")
    assert named.class_weights == NamedWeights(f"{weights}:rising")
    assert named.weights(2) == (1.0, 2.0)
    with pytest.raises(ValueError, match="has no attribute 'falling'"):
        Loss(class_weights=f"{weights}:falling")


def test_a_public_function_is_known_by_its_spec_and_another_one_by_itself(weights: Path) -> None:
    function = imported_object(named(f"{weights}:rising"), "mine")
    assert Loss(class_weights=function).class_weights == NamedWeights(f"{weights}:rising")
    assert Loss(class_weights=shutil.which).class_weights == NamedWeights("shutil:which")

    def local(classes: int) -> list[float]:
        return [1.0] * classes

    assert Loss(class_weights=local).class_weights is local


def test_what_is_given_wins_over_what_is_declared_option_by_option() -> None:
    declared = Loss(label_smoothing=0.1, ignore_index=-100)
    found = overridden(declared, [Given("label_smoothing", 0.2)])
    assert found == Loss(label_smoothing=0.2, ignore_index=-100)
    assert overridden(declared, [Given("label_smoothing", 0.0)]) == Loss(ignore_index=-100)


def test_an_option_that_the_new_ones_leave_without_meaning_goes_unless_it_is_given_too() -> None:
    declared = Loss(**EVERYTHING)
    found = overridden(declared, given_fields(Loss, {"reduction": "sum"}))
    assert options_of(found).keys() == EVERYTHING.keys() - {
        "mean_over",
        "z_loss_mean_over",
        "nothing_kept_loss",
        "nothing_kept_gradient",
    }
    with pytest.raises(ValueError, match="mean_over=kept has no meaning without reduction=mean"):
        overridden(declared, given_fields(Loss, {"reduction": "sum", "mean_over": "kept"}))


@pytest.mark.parametrize(
    ("loss", "domain", "message"),
    [
        *(
            (
                Loss(ignore_index=-100),
                Domain(targets=targets),  # type: ignore[arg-type]
                f"ignore_index=-100 needs class indices, and targets={targets}; claim targets=",
            )
            for targets in ("probability", "any", "signed")
        ),
        (
            Loss(class_weights=[1, 2], reduction="mean", mean_over="weights"),  # type: ignore[arg-type]
            Domain(),
            "mean_over=weights needs class indices, and targets=probability; claim targets=index",
        ),
        (
            Loss(),
            Domain(ignored_rows_may_hold_anything=True),
            "ignored_rows_may_hold_anything needs an ignore_index; give it to the loss",
        ),
        (
            Loss(class_weights=[1, 2]),
            Domain(classes=3),
            "class_weights has 2 numbers and classes=3; leave classes out",
        ),
        (
            Loss(class_weights=[1, 2]),
            Domain(fewest_classes=3),
            "class_weights has 2 numbers and fewest_classes=3; leave fewest_classes out",
        ),
        (
            Loss(class_weights=lambda _: [1.0]),
            Domain(classes=3),
            "class_weights has 1 numbers for 3 classes",
        ),
        (
            Loss(label_smoothing=0.1, smoothing_over="others"),  # type: ignore[arg-type]
            Domain(classes=1),
            "smoothing_over=others needs two classes, and there is 1; leave it out",
        ),
    ],
)
def test_a_loss_and_a_domain_that_contradict_each_other_are_refused_in_one_line(
    loss: Loss, domain: Domain, message: str
) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Implementation(name="mine", functions={"dE/dz": len}, loss=loss, domain=domain)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("label", [0, -100, 5])
def test_an_ignore_index_goes_with_class_indices(label: int) -> None:
    loss, domain = Loss(ignore_index=label), Domain(targets="index")
    made = Implementation(name="mine", functions={"dE/dz": len}, loss=loss, domain=domain)
    assert made.loss.ignore_index == label


def test_label_smoothing_and_a_softcap_imply_finite_logits() -> None:
    assert not finite_logits(Loss(), Domain())
    assert not finite_logits(Loss(z_loss=1.0, class_weights=[0, 1], logit_scale=2.0), Domain())
    assert finite_logits(Loss(label_smoothing=0.1), Domain())
    assert finite_logits(Loss(softcap=30.0), Domain())
    assert finite_logits(Loss(), Domain(finite_logits=True))


def test_smoothing_over_the_other_classes_needs_two() -> None:
    others = Loss(label_smoothing=0.1, smoothing_over="others")  # type: ignore[arg-type]
    assert fewest_classes(others, Domain()) == 2
    assert fewest_classes(others, Domain(fewest_classes=3)) == 3
    assert fewest_classes(Loss(), Domain(classes=50257)) == 50257
    assert fewest_classes(Loss(), Domain()) == 1


def test_a_loss_says_in_words_each_option_that_is_on() -> None:
    assert loss_in_words(Loss(**EVERYTHING)) == (
        "label smoothing 0.1 over the other classes; class weights 0.5,2.0,1.0; ignore_index -100; "
        "logits times 0.5; softcap 30; z-loss 0.0001; mean over the class weights of kept rows; "
        "z-loss: mean over kept rows; times -2; loss nan where no row is kept; "
        "gradient zero where no row is kept"
    )
    mean = Loss(label_smoothing=0.1, ignore_index=-100, reduction="mean", mean_over="kept")  # type: ignore[arg-type]
    assert loss_in_words(mean) == (
        "label smoothing 0.1 over all classes; ignore_index -100; mean over kept rows"
    )
    assert loss_in_words(Loss()) == "cross-entropy of a softmax"
    assert loss_in_words(Loss(output="sigmoid", multiplier=2.0)) == (
        "binary cross-entropy of sigmoids; times 2"
    )


def test_no_two_losses_that_differ_in_one_option_have_the_same_words_or_the_same_record() -> None:
    base = EVERYTHING | {"class_weights": tuple(map(float, range(1, 20)))}
    changed: dict[str, Any] = {
        "label_smoothing": 0.2,
        "smoothing_over": "all",
        "class_weights": (*range(1, 10), 10.5, *range(11, 20)),
        "ignore_index": 0,
        "logit_scale": 2.0,
        "softcap": 50.0,
        "z_loss": 1e-3,
        "mean_over": "rows",
        "z_loss_mean_over": "rows",
        "multiplier": 2.0,
        "nothing_kept_loss": "zero",
        "nothing_kept_gradient": "nan",
    }
    losses = [Loss(**base), *(Loss(**base | {name: value}) for name, value in changed.items())]
    assert len(set(map(loss_in_words, losses))) == len(losses)
    assert len({str(recorded(loss)) for loss in losses}) == len(losses)


def test_a_record_for_reports_has_texts_and_numbers_only() -> None:
    for record in (Loss(), Loss(**EVERYTHING), Loss(class_weights=reciprocals), Domain()):
        kept = recorded(record)
        assert list(kept) == [option.name for option in fields(record)]
        assert {type(value) for value in kept.values()} <= {str, float, int, bool, type(None)}


def test_what_is_not_claimed_is_said_in_words() -> None:
    shapes = "no shapes but logits of shape (B, n): layout is rows"
    assert unclaimed(Loss(), Domain()) == (
        "no ignored rows: ignore_index is not claimed",
        "no sum or mean over rows: reduction is none",
        "no targets that do not sum to one: targets is probability",
        shapes,
    )
    many = Domain(targets="index", classes=7, overwrites_logits=True)
    assert unclaimed(Loss(softcap=30, ignore_index=0, reduction=Reduction.MEAN), many) == (
        "no NaN or infinity in an ignored row: ignored_rows_may_hold_anything is not claimed",
        "no targets but one class for each row: targets is index",
        "no logit of -inf: finite_logits is implied by label smoothing or a softcap",
        "no number of classes but 7: classes is claimed",
        "no second backward: overwrites_logits is claimed",
        shapes,
    )


def test_a_domain_says_in_words_what_it_is() -> None:
    assert domain_in_words(Domain()) == "targets that sum to one; logits up to 10000"
    every = Domain(
        targets="signed",
        largest_logit=50,
        finite_logits=True,
        fewest_classes=2,
        overwrites_logits=True,
        layout=Layout.SEQUENCE,
        ignored_rows_may_hold_anything=True,
    )
    assert domain_in_words(every) == (
        "targets of any sign; logits up to 50; no logit of -inf; at least 2 classes; "
        "logits of shape (B, S, n); the logits are overwritten; ignored rows may hold anything"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 0}, "classes is 0; expected a whole number from 1 up, or None"),
        ({"classes": 2, "fewest_classes": 3}, "classes=2 and fewest_classes=3 leave no number of"),
        ({"finite_logits": 1}, "finite_logits is 1; expected True or False"),
        ({"overwrites_logits": "yes"}, "overwrites_logits is 'yes'; expected True or False"),
        ({"layout": "row"}, "unknown layout 'row'; did you mean rows? choose from rows, sequence"),
    ],
    ids=str,
)
def test_a_domain_whose_new_options_mean_nothing_is_refused_in_one_line(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Domain(**options)
    assert str(caught.value).startswith(message)
