"""A loss has its options, and what means nothing is refused in one line."""

import re
from dataclasses import fields
from typing import Any

import msgspec
import numpy as np
import pytest
from every_option import EVERYTHING, reciprocals

from gradcert_implementations import Domain, Loss
from gradcert_implementations.interface.given import options_of


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
