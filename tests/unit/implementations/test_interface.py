"""The records of the interface are checked when they are made."""

import re
from typing import Any

import msgspec
import numpy as np
import pytest

from gradcert_implementations import Array, Domain, Implementation, Loss, Strides


def _zeros(logits: Array, _targets: Array) -> Array:
    return np.zeros_like(logits)


def _made(**changed: Any) -> Implementation:
    return Implementation(**{"name": "mine", "functions": {"dE/dz": _zeros}} | changed)


def test_the_default_is_softmax_with_cross_entropy_on_probabilities_up_to_ten_thousand() -> None:
    made = _made()
    assert made.formats == ("binary64", "binary32")
    assert made.loss == Loss(output="softmax")
    assert made.domain == Domain(targets="probability", largest_logit=1e4, fewest_classes=1)


def test_by_default_a_new_shape_costs_nothing_and_arrays_have_any_strides() -> None:
    made = _made()
    assert not made.compiles_per_shape
    assert made.strides is Strides.ANY


def test_strides_may_be_given_by_name() -> None:
    assert _made(strides="none").strides is Strides.NONE


def test_formats_may_be_typed_in_any_customary_way_and_are_stored_by_their_ieee_names() -> None:
    assert _made(formats=["fp32", "half", "bf16"]).formats == ("binary32", "binary16", "bfloat16")


def test_the_name_is_one_printable_line() -> None:
    assert _made(name="my\nkernel\x1b[31m").name == "my kernel [31m"


def _without_addresses(value: object) -> str:
    """Return an id that is the same in every process of a test run."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"functions": {}},
            "no quantity given; choose from softmax, loss, dE/do, do/dz, dE/dz, log-softmax, "
            "softmax-backward, log-softmax-backward, hvp, dE/dt",
        ),
        ({"functions": {"dz/dE": _zeros}}, "unknown quantity 'dz/dE'; "),
        ({"functions": {"dE/dz": 3}}, "the function for 'dE/dz' is not callable: 3"),
        ({"functions": 3}, 'functions is 3; expected functions by quantity, such as {"dE/dz": '),
        ({"formats": ()}, "no format given; choose from binary64"),
        ({"formats": ("binary65",)}, "unknown format 'binary65'; did you mean binary64? choose"),
        ({"formats": "fp32"}, "'fp32' is not a list of format names; write ['fp32']"),
        ({"loss": "sigmoid"}, "loss is 'sigmoid'; expected a Loss: Loss(output=\"sigmoid\")"),
        (
            {"at_least": "shift"},
            "unknown level 'shift'; did you mean shifted? choose from faithful",
        ),
        (
            {"strides": "negative"},
            "unknown strides 'negative'; did you mean non-negative? choose from any, non-negative, "
            "none",
        ),
        ({"compiles_per_shape": "yes"}, "compiles_per_shape is 'yes'; expected True or False"),
        (
            {"second_backward": _zeros},
            "second_backward is called with an upstream gradient, and takes_upstream is False; "
            "claim takes_upstream=True, or leave second_backward out",
        ),
        ({"domain": "index"}, "domain is 'index'; expected a Domain: Domain(targets=\"index\")"),
        (
            {"functions": {"loss": _zeros}, "loss": Loss(output="sigmoid")},
            "the output 'sigmoid' has no quantity 'loss'; it has dE/dz",
        ),
    ],
    ids=_without_addresses,
)
def test_a_declaration_that_means_nothing_is_refused_with_the_value_and_the_way_out(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        _made(**changed)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"targets": "dog"},
            "unknown target domain 'dog'; choose from index, probability, any, signed",
        ),
        ({"targets": "Index"}, "unknown target domain 'Index'; did you mean index? choose"),
        ({"largest_logit": 0.0}, "largest_logit is 0.0; expected a positive finite number"),
        ({"largest_logit": -1}, "largest_logit is -1; expected a positive finite number"),
        ({"largest_logit": float("inf")}, "largest_logit is inf; expected a positive finite"),
        ({"largest_logit": float("nan")}, "largest_logit is nan; expected a positive finite"),
        ({"largest_logit": "1e4"}, "largest_logit is '1e4'; expected a positive finite number"),
        ({"fewest_classes": 0}, "fewest_classes is 0; expected a whole number from 1 up"),
        ({"fewest_classes": 1.5}, "fewest_classes is 1.5; expected a whole number from 1 up"),
    ],
    ids=_without_addresses,
)
def test_a_domain_that_means_nothing_is_refused_with_the_value_and_the_choices(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Domain(**changed)
    assert str(caught.value).startswith(message)


def test_a_largest_logit_that_no_float_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"largest_logit is 1000.*; expected a positive finite"):
        Domain(largest_logit=10**400)


def test_an_output_that_means_nothing_is_refused_with_the_value_and_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown output 'tanh'; choose from softmax, sigmoid, id"):
        Loss(output="tanh")  # type: ignore[arg-type]


def test_numbers_of_numpy_in_a_domain_become_numbers_of_python() -> None:
    domain = Domain(largest_logit=np.float32(11), fewest_classes=np.int64(2))  # type: ignore[arg-type]
    assert [type(domain.largest_logit), type(domain.fewest_classes)] == [float, int]
    assert domain == Domain(largest_logit=11.0, fewest_classes=2)


@pytest.mark.parametrize("record", [Loss(output="identity"), Domain(targets="any")])
def test_the_records_can_be_keys_and_travel_as_json(record: Loss | Domain) -> None:
    travelled = msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    assert {record: "known"}[travelled] == "known"
