"""What users may type for a format, and how a name that is unknown is answered."""

import pytest

from gradcert_implementations import (
    FORMAT_ALIASES,
    FORMAT_NAMES,
    QUANTITY_ARGUMENTS,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    QuantityName,
    known_name,
    known_names,
    printable,
)
from gradcert_oracle import quantity_of


@pytest.mark.parametrize(
    ("names", "format"),
    [
        (("binary64", "float64", "fp64", "f64", "double"), "binary64"),
        (("binary32", "float32", "fp32", "f32", "single"), "binary32"),
        (("binary16", "float16", "fp16", "f16", "half"), "binary16"),
        (("bfloat16", "bf16"), "bfloat16"),
    ],
    ids=FORMAT_NAMES,
)
def test_every_customary_name_of_a_format_stands_for_its_ieee_name(
    names: tuple[str, ...], format: str
) -> None:
    for name in names:
        assert known_name("format", name, FORMAT_NAMES, FORMAT_ALIASES) == format


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_the_function_of_a_quantity_is_called_with_what_the_oracle_is_asked_about(
    quantity: QuantityName,
) -> None:
    assert QUANTITY_ARGUMENTS[quantity] == quantity_of(quantity).arguments


def test_every_alias_stands_for_a_format_and_is_none_itself() -> None:
    assert set(FORMAT_ALIASES.values()) == set(FORMAT_NAMES)
    assert not set(FORMAT_ALIASES) & set(FORMAT_NAMES)


@pytest.mark.parametrize(
    ("what", "given", "nearest"),
    [
        ("format", "FP32", "fp32"),
        ("format", "flaot32", "float32"),
        ("format", "bfloat", "bfloat16"),
        ("format", "binary65", "binary64"),
        ("quantity", "dE/Dz", "dE/dz"),
        ("quantity", "dedz", "dE/dz"),
        ("quantity", "sofmax", "softmax"),
        ("target domain", "indices", "index"),
        ("target domain", "probabilities", "probability"),
    ],
)
def test_a_near_miss_is_answered_with_the_nearest_name_and_all_choices(
    what: str, given: str, nearest: str
) -> None:
    known: dict[str, tuple[str, ...]] = {
        "format": FORMAT_NAMES,
        "quantity": QUANTITY_NAMES,
        "target domain": TARGET_DOMAINS,
    }
    aliases = FORMAT_ALIASES if what == "format" else {}
    with pytest.raises(ValueError, match="unknown") as caught:
        known_name(what, given, known[what], aliases)
    choices = ", ".join(known[what])
    assert str(caught.value) == (
        f"unknown {what} {given!r}; did you mean {nearest}? choose from {choices}"
    )


@pytest.mark.parametrize("given", ["posit", "", 32, None, ["fp32"]])
def test_a_name_that_is_near_to_none_is_answered_with_the_choices_alone(given: object) -> None:
    with pytest.raises(ValueError, match="unknown") as caught:
        known_name("format", given, FORMAT_NAMES, FORMAT_ALIASES)
    assert str(caught.value) == (
        f"unknown format {given!r}; choose from binary64, binary32, binary16, bfloat16"
    )


def test_two_names_of_one_format_count_once_and_keep_their_order() -> None:
    given = ["half", "fp32", "binary16", "float32"]
    assert known_names("format", given, FORMAT_NAMES, FORMAT_ALIASES) == ("binary16", "binary32")


@pytest.mark.parametrize(("given", "write"), [("fp32", "['fp32']"), (32, "['binary64']")])
def test_one_name_in_place_of_a_list_says_how_to_write_the_list(given: object, write: str) -> None:
    with pytest.raises(ValueError, match="is not a list of format names") as caught:
        known_names("format", given, FORMAT_NAMES, FORMAT_ALIASES)
    assert str(caught.value).endswith(f"write {write}")


def test_printable_text_is_one_line_without_control_characters() -> None:
    assert printable("a\r\nb\x1b[2J\tc\u202e d") == "a b [2J c d"
