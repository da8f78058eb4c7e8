"""A loss and a domain go together, and are said in words."""

from dataclasses import fields
from typing import Any

import pytest
from every_option import EVERYTHING, reciprocals

from gradcert_implementations import (
    Domain,
    Given,
    Implementation,
    Layout,
    Loss,
    Reduction,
    domain_in_words,
    fewest_classes,
    finite_logits,
    loss_in_words,
    recorded,
    unclaimed,
)
from gradcert_implementations.interface.given import given_fields, options_of
from gradcert_implementations.interface.losses import overridden


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


def test_where_no_claimed_quantity_may_have_a_logit_of_minus_infinity_that_is_said() -> None:
    assert "no logit of -inf: what is claimed is about finite logits" in unclaimed(
        Loss(), Domain(), masked=False
    )
    finite = unclaimed(Loss(), Domain(finite_logits=True), masked=False)
    said = [one for one in finite if "-inf" in one]
    assert said == ["no logit of -inf: finite_logits is claimed"]


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
