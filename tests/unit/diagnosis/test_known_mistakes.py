"""A known mistake is named, whoever wrote it and whatever the format."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from diagnosis_subjects import (
    BOTH,
    Belated,
    Noisy,
    OneBuffer,
    at_half_the_logits,
    descent_direction,
    diagnosis,
    diagonal_of_an_explicit_jacobian,
    difference_of_products,
    explained,
    hiding_nan,
    in_binary32_from_the_last_class,
    in_bits,
    jacobian_of_a_diagonal,
    loss_in_bits,
    loss_of_differences,
    loss_of_logarithms,
    matches,
    mean_of_the_rows,
    negative_slopes,
    negative_softmax,
    normalised_down_the_columns,
    scaled,
    shifted_by_the_largest_of_all,
    slope_of_two_classes,
    softmax,
    softmax_of_probabilities,
    unshifted,
    working_in_its_arguments,
    zeros,
)
from subjects import right

from gradcert_implementations import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    Array,
    FormatName,
    QuantityName,
    documented,
    load,
)

BY_ANOTHER_HAND: list[tuple[str, QuantityName, Callable[..., Any]]] = [
    ("sign-flipped", "dE/dz", descent_direction),
    ("softmax-twice", "dE/dz", softmax_of_probabilities),
    ("base-two-logarithm", "dE/dz", in_bits),
    ("base-two-logarithm", "loss", loss_in_bits),
    ("no-shift", "dE/dz", unshifted),
    ("overwrites-logits", "dE/dz", working_in_its_arguments),
    ("stale-result", "dE/dz", Belated),
    ("reused-buffer", "dE/dz", OneBuffer),
    ("one-maximum-for-the-batch", "dE/dz", shifted_by_the_largest_of_all),
    ("divided-by-batch", "dE/dz", mean_of_the_rows),
    ("wrong-axis", "dE/dz", normalised_down_the_columns),
    ("temperature-left-on", "dE/dz", at_half_the_logits),
    ("nan-hidden", "dE/dz", hiding_nan),
    ("zero-gradient", "dE/dz", zeros),
    ("wrong-factor", "dE/dz", scaled),
    ("wrong-factor", "dE/do", negative_slopes),
    ("wrong-factor", "softmax", negative_softmax),
    ("masked-loss", "loss", loss_of_logarithms),
    ("diagonal-jacobian", "do/dz", jacobian_of_a_diagonal),
]


@pytest.mark.parametrize(("flaw", "quantity", "make"), BY_ANOTHER_HAND)
def test_a_known_mistake_by_another_hand_is_named_and_explains_the_cases(
    flaw: str, quantity: QuantityName, make: Callable[..., Any]
) -> None:
    found = diagnosis(make() if isinstance(make, type) else make, quantity)
    assert found.matches[0].flaw == flaw
    assert 10 * found.matches[0].explains >= 9 * found.cases > 9
    assert found.matches[0].title == documented(flaw)[0]


@pytest.mark.parametrize("effort", ["quick", "standard"])
def test_a_softmax_without_a_shift_in_binary16_is_no_sum_that_overflows_there(effort: str) -> None:
    found = diagnosis(unshifted, formats=("binary16",), effort=effort)
    assert [one.flaw for one in found.matches] == ["no-shift"]


def zero_where_the_largest_logits_are_equal(z: Array, t: Array) -> Array:
    equal = np.count_nonzero(z == np.amax(z, axis=1)[:, None], axis=1) > 1
    slope = right(z, t)
    slope[equal] = 0
    return slope


@pytest.mark.parametrize("seed", range(3))
def test_zeros_where_the_largest_logits_are_equal_are_named_with_that_condition(seed: int) -> None:
    few = diagnosis(
        zero_where_the_largest_logits_are_equal, max_examples=5, effort="quick", seed=seed
    )
    assert [(one.flaw, one.where) for one in few.matches] == [
        ("zero-gradient", "where the two largest logits differ by 0 or less")
    ]


def test_binary32_inside_is_named_for_any_order_of_its_sums() -> None:
    found = diagnosis(in_binary32_from_the_last_class, formats=("binary64",))
    assert found.matches[0].flaw == "through-binary32"
    assert found.matches[0].explains == found.cases > 1


def slope_of_the_loss(o: Array, t: Array) -> Array:
    return np.where(t == 0, np.zeros_like(t), -t / o)


def outer_product_from_the_diagonal(z: Array) -> Array:
    o = softmax(z)
    result: Array = np.einsum("bi,ij->bij", o, np.eye(z.shape[1], dtype=z.dtype))
    return result - np.einsum("bi,bj->bij", o, o)


def surprise(z: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    return np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y


def difference_of_sums(z: Array, v: Array) -> Array:
    result: Array = v - softmax(z) * np.add.reduce(v, axis=1)[:, None]
    return result


def weighted_differences(z: Array, t: Array, v: Array) -> Array:
    return difference_of_products(z, v) * np.add.reduce(t, axis=1)[:, None]


IN_BINARY32: dict[QuantityName, Callable[..., Array]] = {
    "softmax": softmax,
    "loss": loss_of_differences,
    "dE/do": slope_of_the_loss,
    "do/dz": outer_product_from_the_diagonal,
    "dE/dz": right,
    "log-softmax": lambda z: -surprise(z),
    "softmax-backward": difference_of_products,
    "log-softmax-backward": difference_of_sums,
    "hvp": weighted_differences,
    "dE/dt": lambda z, _t: surprise(z),
}


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_binary64_by_way_of_binary32_is_named_and_nothing_narrower_is(
    quantity: QuantityName,
) -> None:
    def narrowed(*arguments: Array) -> Array:
        result = IN_BINARY32[quantity](*(a.astype(np.float32) for a in arguments))
        return result.astype(arguments[0].dtype)

    found = diagnosis(narrowed, quantity)
    assert found.matches[0].flaw == "through-binary32"
    assert list(matches(found).values()) == [found.cases]


def test_binary64_rounded_to_bfloat16_is_named() -> None:
    def rounded(z: Array, t: Array) -> Array:
        return np.subtract(softmax(z).astype(ml_dtypes.bfloat16).astype(z.dtype), t)

    found = diagnosis(rounded)
    best = found.matches[0]
    assert (best.flaw, best.explains) == ("probability-rounded-to-a-narrow-format", found.cases)


def test_the_diagonal_of_an_explicit_jacobian_is_named() -> None:
    """It divides by probabilities. If these underflow it returns NaN, which is another mistake."""
    found = diagnosis(diagonal_of_an_explicit_jacobian, largest_logit=30.0)
    assert matches(found) == {"diagonal-only": found.cases}
    anywhere = diagnosis(diagonal_of_an_explicit_jacobian, formats=BOTH)
    assert anywhere.cases / 2 < explained(anywhere)["diagonal-only"] < anywhere.cases
    assert "some wrong values are NaN" in anywhere.findings


def test_a_flaw_that_explains_some_of_the_cases_explains_them_partly() -> None:
    """Near one, ``o (1 - o)`` may be rounded either way, and there the flaw differs from it."""
    found = diagnosis(slope_of_two_classes, "dE/do", effort="standard")
    assert found.matches == ()
    assert found.partly[0].flaw == "binary-cross-entropy-slope"
    assert found.cases / 4 < found.partly[0].explains < found.cases / 2


def nan_in_the_first_class(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[:, 0] = np.nan
    return found


def raised_by_a_quarter(z: Array, t: Array) -> Array:
    result: Array = right(z, t) + z.dtype.type(0.25)
    return result


@pytest.mark.parametrize("function", [nan_in_the_first_class, raised_by_a_quarter])
def test_nan_alone_or_rows_of_two_classes_alone_explain_nothing_partly(
    function: Callable[..., Array],
) -> None:
    """Some flaw answers NaN for one class too, and some flaw with a number fits two classes."""
    found = diagnosis(function, formats=BOTH)
    assert found.partly == ()
    assert found.unexplained == found.cases


FLAW_FORMATS = load("sign-flipped").formats
"""The formats that the flaw is known in. In others, its sums differ from better ones."""


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_a_mistake_is_named_in_every_format(format: FormatName) -> None:
    def in_the_other_direction(z: Array, t: Array) -> Array:
        wide, targets = z.astype(np.float64), t.astype(np.float64)
        return descent_direction(wide, targets).astype(z.dtype)

    found = diagnosis(in_the_other_direction, formats=(format,))
    assert found.matches[0].flaw == "sign-flipped"
    assert "the sign is flipped" in found.findings
    if format in FLAW_FORMATS:
        assert found.matches[0].explains == found.cases


class WrongOnce:
    """Is wrong in one answer and never again."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 20)


def test_an_error_that_does_not_come_back_is_no_known_flaw() -> None:
    assert diagnosis(WrongOnce()).matches == ()


def test_noise_is_no_known_flaw() -> None:
    assert diagnosis(Noisy()).matches == ()
