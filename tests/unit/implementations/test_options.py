"""The one record of options, from the command line to another process."""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, get_type_hints

import msgspec
import pytest

from gradcert import certify, conformance_tests
from gradcert_implementations import (
    Domain,
    Given,
    Layout,
    Loss,
    Options,
    OptionValues,
    Reduction,
    SpecError,
    as_implementation,
    load,
    select,
)
from gradcert_implementations.adapters.jax_loss import from_jax
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_implementations.adapters.program import from_command
from gradcert_implementations.adapters.torch_loss import from_torch

ALL = Options(
    quantities=["loss", "dE/dz"],
    formats=["fp32"],
    targets="any",
    largest_logit=50,
    loss=["label_smoothing=0.1", "reduction=mean", "class_weights=0.5,2,1"],
    domain=["classes=3", "layout=sequence", "finite_logits=true"],
    at_least="wide",
    device="cuda:0",
)


def test_the_keywords_of_the_public_functions_are_the_fields_of_the_record() -> None:
    assert list(get_type_hints(OptionValues)) == [option.name for option in fields(Options)]


@pytest.mark.parametrize("function", [load, from_torch, from_jax, from_numpy, from_command])
def test_a_function_that_takes_options_lists_none_of_them_by_hand(
    function: Callable[..., Any],
) -> None:
    parameters = inspect.signature(function).parameters
    assert parameters["options"].kind is inspect.Parameter.VAR_KEYWORD
    assert not set(parameters) & {option.name for option in fields(Options)}


def test_each_option_says_what_a_command_line_needs_to_offer_it() -> None:
    for option in fields(Options):
        assert set(option.metadata) == {"option", "metavar", "help"}
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", option.metadata["option"])
        assert option.metadata["help"].endswith(".")
        assert option.default in ((), None)
    assert len({option.metadata["option"] for option in fields(Options)}) == len(fields(Options))


def test_options_can_be_a_key_and_travel_as_json() -> None:
    travelled = msgspec.json.decode(msgspec.json.encode(ALL), type=Options)
    assert {ALL: "known"}[travelled] == "known"
    assert travelled.formats == ("binary32",)


def test_an_unknown_name_from_another_process_is_refused_too() -> None:
    with pytest.raises(msgspec.ValidationError, match="did you mean fp32"):
        msgspec.json.decode(b'{"formats": ["fp33"]}', type=Options)


def test_the_keywords_of_options_make_the_same_options_and_name_only_what_was_chosen() -> None:
    assert Options(**ALL.keywords()) == ALL
    assert Options().keywords() == {}
    assert Options(device="cpu").keywords() == {"device": "cpu"}


def test_options_change_a_domain_only_in_what_they_choose() -> None:
    declared = Domain(targets="index", largest_logit=11.0, fewest_classes=2)
    assert Options(formats=["half"]).domain_over(declared) == declared
    assert Options(targets="any").domain_over(declared) == Domain(
        targets="any", largest_logit=11.0, fewest_classes=2
    )
    assert Options(largest_logit=50).domain_over(declared) == Domain(
        targets="index", largest_logit=50.0, fewest_classes=2
    )


def test_a_level_that_is_chosen_stands_in_place_of_the_declared_one() -> None:
    assert Options().level_over("shifted") == "shifted"
    assert Options(at_least="wide").level_over("shifted") == "wide"
    declared = replace(load("numpy"), at_least="log-softmax")
    assert select(declared, Options()).at_least == "log-softmax"
    assert select(declared, Options(at_least="faithful")).at_least == "faithful"


@pytest.mark.parametrize("options", [{"at_least": "wide", "largest_logit": 50}])
def test_what_an_adapter_makes_claims_the_level_and_the_logits_that_are_chosen(
    options: OptionValues,
) -> None:
    for made in (from_numpy(pow, **options), from_torch(pow, **options), from_jax(pow, **options)):
        assert (made.at_least, made.domain.largest_logit) == ("wide", 50.0)


def _gradient(logits: Any, targets: Any) -> Any:
    return logits - targets


def test_options_of_the_loss_are_a_record_or_a_dict_or_texts() -> None:
    texts = ["label_smoothing=0.1", "ignore_index=-100", "reduction=mean", "softcap=none"]
    in_text = Options(loss=texts, targets="index").loss_over(Loss())
    expected = Loss(label_smoothing=0.1, ignore_index=-100, reduction=Reduction.MEAN)
    assert in_text == expected
    assert Options(loss=expected).loss_over(Loss()) == expected
    named = {"label_smoothing": 0.1, "ignore_index": -100, "reduction": "mean"}
    assert Options(loss=named).loss_over(Loss()) == expected


def test_options_of_the_domain_are_a_record_or_a_dict_or_texts() -> None:
    expected = Domain(targets="any", classes=7, finite_logits=True, layout=Layout.SEQUENCE)
    texts = ["targets=any", "classes=7", "finite_logits=True", "layout=sequence"]
    assert Options(domain=texts).domain_over(Domain()) == expected
    assert Options(domain=expected).domain_over(Domain()) == expected
    named = {"targets": "any", "classes": 7, "finite_logits": True, "layout": "sequence"}
    assert Options(domain=named).domain_over(Domain()) == expected


def test_what_the_user_says_wins_over_what_a_subject_declares_field_by_field() -> None:
    declared = replace(
        load("numpy", quantities=["dE/dz"]),
        loss=Loss(label_smoothing=0.1, z_loss=1e-4),
        domain=Domain(classes=7, largest_logit=11.0),
    )
    chosen = select(declared, Options(loss={"label_smoothing": 0.0}, domain={"classes": None}))
    assert chosen.loss == Loss(z_loss=1e-4)
    assert chosen.domain == Domain(largest_logit=11.0)
    weighted = replace(declared, loss=Loss(class_weights=[1, 2]), domain=Domain())
    assert select(weighted, Options(loss=["class_weights=none"])).loss == Loss()
    kept = select(declared, Options(loss=Loss(z_loss=1.0), domain=Domain()))
    assert kept.loss == Loss(label_smoothing=0.1, z_loss=1.0)
    assert kept.domain == declared.domain


def test_what_the_user_says_wins_over_what_attributes_say() -> None:
    read = (Given("label_smoothing", 0.1), Given("reduction", Reduction.MEAN))
    assert Options().loss_over(Loss(), read) == Loss(label_smoothing=0.1, reduction=Reduction.MEAN)
    assert Options(loss={"reduction": "none"}).loss_over(Loss(), read) == Loss(label_smoothing=0.1)


def test_what_an_adapter_makes_claims_the_loss_and_the_domain_that_are_chosen() -> None:
    options: OptionValues = {"loss": ["label_smoothing=0.1"], "domain": ["targets=index"]}
    for made in (from_numpy(pow, **options), from_torch(pow, **options), from_jax(pow, **options)):
        assert made.loss == Loss(label_smoothing=0.1)
        assert made.domain == Domain(targets="index")


def test_the_short_options_and_those_of_the_domain_are_the_same() -> None:
    assert Options(domain=["targets=index", "largest_logit=50"]) == Options(
        targets="index", largest_logit=50
    )
    assert Options(targets="index", domain=["targets=index"]) == Options(targets="index")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (
            {"loss": ["label_smothing=0.1"]},
            "unknown option of the loss 'label_smothing'; did you",
        ),
        ({"domain": ["class=3"]}, "unknown option of the domain 'class'; did you mean classes? ch"),
        ({"loss": {"smoothing": 0.1}}, "unknown option of the loss 'smoothing'; did you mean"),
        ({"loss": ["label_smoothing"]}, "'label_smoothing' says nothing about the loss; expected "),
        ({"loss": ["label_smoothing=ten"]}, "label_smoothing is 'ten'; expected a number from 0"),
        ({"loss": ["label_smoothing=1.5"]}, "label_smoothing is 1.5; expected a number from 0"),
        ({"loss": ["label_smoothing="]}, "label_smoothing is ''; expected a number from 0 up to"),
        ({"loss": ["softcap=0"]}, "softcap is 0.0; expected a positive finite number, such as 30"),
        ({"loss": ["ignore_index=1.5"]}, "ignore_index is '1.5'; expected a whole number, such as"),
        (
            {"loss": ["reduction=men"]},
            "unknown reduction 'men'; did you mean mean? choose from",
        ),
        ({"loss": ["class_weights=1,x"]}, "class_weights is '1,x'; expected numbers such as 0.5,"),
        ({"loss": ["class_weights=no.py:w"]}, "'no.py:w': there is no file no.py"),
        ({"domain": ["finite_logits=maybe"]}, "finite_logits is 'maybe'; expected True or False"),
        (
            {"loss": ["z_loss=1", "z_loss=2"]},
            "two values are given: z_loss 1.0 and z_loss 2.0; leave one of them out",
        ),
        (
            {"targets": "any", "domain": ["targets=index"]},
            "two values are given: targets index and targets any; leave one of them out",
        ),
        (
            {"largest_logit": 50, "domain": ["largest_logit=60"]},
            "two values are given: largest_logit 60.0 and largest_logit 50.0; leave one of them",
        ),
        ({"loss": "z_loss=1"}, "loss is 'z_loss=1'; expected a Loss, a dict of its fields, or a"),
        ({"domain": 3}, "domain is 3; expected a Domain, a dict of its fields, or a list of texts"),
    ],
    ids=str,
)
def test_an_option_of_the_loss_or_the_domain_that_means_nothing_is_one_line(
    chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Options(**chosen)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"loss": ["ignore_index=-100"]}, "ignore_index=-100 needs class indices, and targets=pr"),
        ({"loss": ["mean_over=kept"]}, "mean_over=kept has no meaning without reduction=mean; add"),
        (
            {"loss": ["class_weights=1,2"], "domain": ["classes=3"]},
            "class_weights has 2 numbers and classes=3; leave classes out",
        ),
    ],
    ids=str,
)
def test_options_that_contradict_each_other_are_one_line_whoever_claims_them(
    chosen: dict[str, Any], message: str
) -> None:
    for claimed in (
        lambda: load("numpy", **chosen),
        lambda: as_implementation(_gradient, Options(**chosen)),
    ):
        with pytest.raises(SpecError) as caught:
            claimed()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [50, 50.0, "50", "5e1"])
def test_a_largest_logit_is_a_number_or_its_text(given: Any) -> None:
    assert Options(largest_logit=given).largest_logit == 50.0
    assert type(Options(largest_logit=given).largest_logit) is float


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"quantities": ["dE/Dz"]}, "unknown quantity 'dE/Dz'; did you mean dE/dz? choose from"),
        ({"quantities": "dE/dz"}, "'dE/dz' is not a list of quantity names; write ['dE/dz']"),
        ({"formats": ["FP32"]}, "unknown format 'FP32'; did you mean fp32? choose from binary64"),
        ({"formats": None}, "None is not a list of format names; write ['binary64']"),
        ({"targets": "indices"}, "unknown target domain 'indices'; did you mean index? choose"),
        ({"targets": ""}, "unknown target domain ''; choose from index, probability, any, signed"),
        ({"at_least": "shfted"}, "unknown level 'shfted'; did you mean shifted? choose from faith"),
        ({"at_least": ""}, "unknown level ''; choose from faithful, wide, shifted, log-softmax, "),
        (
            {"largest_logit": 0},
            "largest_logit is 0; expected a positive finite number, such as 1e4",
        ),
        ({"largest_logit": "-1"}, "largest_logit is -1.0; expected a positive finite number"),
        ({"largest_logit": "inf"}, "largest_logit is inf; expected a positive finite number"),
        ({"largest_logit": "nan"}, "largest_logit is nan; expected a positive finite number"),
        ({"largest_logit": "ten"}, "largest_logit is 'ten'; expected a positive finite number"),
        ({"largest_logit": ""}, "largest_logit is ''; expected a positive finite number"),
        ({"largest_logit": [1]}, "largest_logit is [1]; expected a positive finite number"),
        ({"device": ""}, "the device is ''; expected its name, such as 'cpu' or 'cuda:0'"),
        ({"device": 0}, "the device is 0; expected its name, such as 'cpu' or 'cuda:0'"),
    ],
    ids=str,
)
def test_an_option_that_means_nothing_is_refused_with_the_value_and_the_way_out(
    chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Options(**chosen)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [certify, conformance_tests, load, from_numpy, from_torch, from_jax, from_command],
)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"format": "fp32"}, "unknown option 'format'; did you mean formats? choose from "),
        ({"quantity": "dE/dz"}, "unknown option 'quantity'; did you mean quantities? choose from "),
        ({"formats": []}, "formats is []; name one at least, or leave formats out"),
        ({"quantities": ()}, "quantities is (); name one at least, or leave quantities out"),
    ],
    ids=str,
)
def test_every_function_with_options_refuses_one_that_it_does_not_know_or_that_is_empty(
    function: Callable[..., Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        function("numpy", **given)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_misspelt_keyword_of_the_function_itself_is_named_too() -> None:
    with pytest.raises(SpecError, match=r"^unknown option 'max_exampels'; did you mean max_exam"):
        certify("numpy", max_exampels=3)  # type: ignore[call-arg]
