"""The losses for which the built-ins are certified cover the options, alone and together."""

from dataclasses import fields
from itertools import combinations

import pytest

from gradcert.api import select_subjects, settings_in
from gradcert.core.settings import Effort, SearchSettings
from gradcert_implementations import (
    ALONE,
    BUILT_IN,
    FORMAT_NAMES,
    LOSSES,
    Loss,
    MeanOver,
    NothingKept,
    Options,
    Reduction,
    SmoothingOver,
    needed_targets,
)
from gradcert_implementations.interface.given import options_of

OPTIONS = [field.name for field in fields(Loss) if field.name != "output"]

NEEDED = {
    "smoothing_over": {"label_smoothing"},
    "mean_over": {"reduction"},
    "z_loss_mean_over": {"reduction", "z_loss"},
    "nothing_kept_loss": {"reduction"},
    "nothing_kept_gradient": {"reduction"},
}
"""The options without which another one has no meaning."""

CHOICES = {
    "smoothing_over": SmoothingOver,
    "reduction": Reduction,
    "mean_over": MeanOver,
    "z_loss_mean_over": MeanOver,
    "nothing_kept_loss": NothingKept,
    "nothing_kept_gradient": NothingKept,
}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_on_alone_in_some_loss_of_the_set(option: str) -> None:
    alone = {option} | NEEDED.get(option, set())
    assert any(set(options_of(loss)) == alone for loss in ALONE.values())


@pytest.mark.parametrize(("one", "other"), list(combinations(OPTIONS, 2)))
def test_every_two_options_are_on_together_in_some_loss_of_the_set(one: str, other: str) -> None:
    assert any({one, other} <= set(options_of(loss)) for loss in LOSSES.values())


@pytest.mark.parametrize(
    ("option", "value"), [(name, one) for name, choice in CHOICES.items() for one in choice]
)
def test_every_value_of_a_choice_is_in_some_loss_of_the_set(option: str, value: str) -> None:
    with_it = [
        loss for loss in LOSSES.values() if set(options_of(loss)) >= NEEDED.get(option, set())
    ]
    assert any(getattr(loss, option) == value for loss in with_it)


def test_the_ignored_label_is_outside_of_the_classes_in_some_losses_and_a_class_in_others() -> None:
    assert {loss.ignore_index for loss in LOSSES.values()} == {None, -100, 0}


def test_no_loss_of_the_set_is_there_twice_and_none_is_plain() -> None:
    losses = [*LOSSES.values(), Loss()]
    assert len(losses) == len(set(losses))


def test_without_a_name_every_built_in_is_certified_for_every_loss_of_the_set() -> None:
    selection = select_subjects([], Options())
    assert [(one.origin, one.loss) for one in selection.with_options] == [
        (name, loss) for loss in LOSSES.values() for name in BUILT_IN
    ]
    formats = {one.formats for one in selection.with_options if one.loss not in ALONE.values()}
    assert formats == {FORMAT_NAMES}
    names = [one.name for one in selection.all]
    assert "torch, label smoothing" in names
    assert len(names) == len(set(names))


def test_a_run_that_names_what_it_certifies_or_its_loss_certifies_nothing_beside() -> None:
    assert select_subjects(["numpy"], Options()).with_options == []
    chosen = select_subjects([], Options(loss={"softcap": 30}))
    assert chosen.with_options == []
    assert {one.loss for one in chosen.subjects if one.origin in BUILT_IN} == {Loss(softcap=30)}


def test_losses_that_the_chosen_quantities_or_targets_do_not_suit_are_left_out() -> None:
    assert select_subjects([], Options(quantities=["softmax"])).with_options == []
    values = select_subjects([], Options(quantities=["softmax", "loss"])).with_options
    assert {tuple(one.functions) for one in values} == {("loss",)}
    signed = select_subjects([], Options(targets="signed")).with_options
    assert {one.domain.targets for one in signed} == {"signed"}
    assert {one.loss for one in signed} == {
        loss for loss in LOSSES.values() if needed_targets(loss) is None
    }


def test_the_losses_of_the_set_are_certified_with_less_effort() -> None:
    selection = select_subjects([], Options(formats=["fp64"]))
    asked = SearchSettings(max_examples=7, seed=3)
    plain, other = selection.subjects[0], selection.with_options[0]
    assert settings_in(selection, plain, asked) == asked
    assert settings_in(selection, other, asked) == SearchSettings(
        max_examples=7, seed=3, effort=Effort.QUICK
    )
