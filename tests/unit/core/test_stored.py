"""What a forward pass stores: outputs sum to exactly one, log-probabilities are rounded once."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from subjects import BY_ID

import gradcert
from gradcert.core.case import Case, Regime
from gradcert.core.claim import claims_of
from gradcert.core.evidence import Refuted
from gradcert.core.stored import logarithms, outputs
from gradcert.generation.dealing import plan
from gradcert.generation.filling import filled
from gradcert.generation.scope import scope_of
from gradcert_implementations import Array, Implementation
from gradcert_oracle import FORMATS, Format
from gradcert_reports import Verdict

by_format = pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)


def _rows(classes: int, scale: float) -> Array:
    return np.random.default_rng(classes).normal(size=(3, classes)) * scale


@by_format
@pytest.mark.parametrize("classes", [1, 2, 3, 1000, 5000])
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_outputs_sum_to_exactly_one(format: Format, classes: int, scale: float) -> None:
    stored = outputs(_rows(classes, scale).astype(format.dtype))
    assert stored.dtype == format.dtype
    assert (stored >= 0).all()
    for row in stored.astype(np.float64):
        assert sum(map(Fraction, row.tolist())) == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20))
def test_outputs_of_any_logits_are_a_softmax_but_for_a_unit_a_class(row: list[float]) -> None:
    z = np.array([row])
    powers = np.exp(z - z.max())
    off = np.abs(outputs(z) - powers / powers.sum())
    assert off.max() <= 2.0**-50 * len(row)


def test_a_nan_reaches_its_row_and_no_other() -> None:
    z = np.array([[0.0, np.nan], [0.0, 1.0]])
    for stored in (outputs(z), logarithms(z)):
        assert np.isnan(stored[0]).all()
        assert np.isfinite(stored[1]).all()


def test_nothing_is_stored_of_no_rows() -> None:
    assert outputs(np.zeros((0, 3))).shape == logarithms(np.zeros((0, 3))).shape == (0, 3)


def _of_outputs(y: Array, v: Array) -> Array:
    wide, numbers = y.astype(np.float64), v.astype(np.float64)
    result: Array = wide * (numbers - (wide * numbers).sum(axis=1, keepdims=True))
    return result.astype(y.dtype)


def _of_logarithms(logarithms: Array, v: Array) -> Array:
    wide = v.astype(np.float64)
    total = wide.sum(axis=1, keepdims=True)
    return (wide - np.exp(logarithms.astype(np.float64)) * total).astype(v.dtype)


def _of_normalised_logarithms(logarithms: Array, v: Array) -> Array:
    powers, wide = np.exp(logarithms.astype(np.float64)), v.astype(np.float64)
    shares = powers / powers.sum(axis=1, keepdims=True)
    return (wide - shares * wide.sum(axis=1, keepdims=True)).astype(v.dtype)


def _without_the_mean(y: Array, v: Array) -> Array:
    return y * v


def _subject(name: str, function: Callable[[Array, Array], Array]) -> Implementation:
    return Implementation(
        name="stored",
        functions={name: function},
        formats=("binary64", "binary16", "bfloat16"),
        takes_outputs=True,
    )


@pytest.mark.parametrize(
    ("quantity", "function"),
    [
        ("softmax-backward", _of_outputs),
        ("log-softmax-backward", _of_logarithms),
        ("log-softmax-backward", _of_normalised_logarithms),
    ],
)
def test_a_right_backward_of_what_is_stored_conforms(
    quantity: str, function: Callable[[Array, Array], Array]
) -> None:
    for claim in claims_of(_subject(quantity, function)):
        for planned in plan(scope_of(claim, 0)).few:
            if planned.size < 500:
                assert BY_ID["accuracy"].run(claim, filled(planned))


def test_a_wrong_backward_of_outputs_is_refuted_with_the_outputs_that_show_it() -> None:
    found = gradcert.certify(_subject("softmax-backward", _without_the_mean), max_examples=10)
    assert found.verdict == Verdict.REFUTED
    discrepancy = found.refutations[0].discrepancy
    assert discrepancy is not None
    assert list(discrepancy.arguments) == ["outputs", "v"]
    assert discrepancy.arguments["outputs"] == (("0.5", "0.5"),)
    assert "outputs = np.array([[0.5, 0.5]]" in discrepancy.snippet


def test_one_row_for_all_has_the_outputs_of_that_row() -> None:
    """The layout of one expanded row is tried on the outputs that are handed over."""
    (claim, *_) = claims_of(_subject("softmax-backward", _of_outputs))
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=(3, 4)) for name in ("logits", "v")}
    case = Case({**arrays, "targets": np.eye(3, 4)}, (Regime("benign"),) * 3)
    BY_ID["memory-layout"].run(claim, case)

    def in_order_of_memory(y: Array, v: Array) -> Array:
        return _of_outputs(y if y.strides[0] else y[::-1] * 2, v)

    (strided, *_) = claims_of(_subject("softmax-backward", in_order_of_memory))
    with pytest.raises(Refuted):
        BY_ID["memory-layout"].run(strided, case)


@pytest.mark.parametrize("first", ["outputs", "y", "probs"])
def test_a_backward_whose_first_argument_is_its_outputs_gets_them(
    first: str, tmp_path: Path
) -> None:
    file = tmp_path / "kernel.py"
    file.write_text(
        f"def backward({first}, v):\n"
        f"    return {first} * (v - ({first} * v).sum(axis=1, keepdims=True))\n"
    )
    found = gradcert.certify(
        f"{file}:backward", quantities=["softmax-backward"], formats=["binary32"], effort="quick"
    )
    assert found.verdict == Verdict.CONFORMS
    assert "a backward is called with what its forward has stored" in found.claimed


def _diagonal(y: Array, v: Array) -> Array:
    return y * (1 - y) * v


def test_a_known_mistake_in_a_backward_of_outputs_is_named() -> None:
    found = gradcert.certify(_subject("softmax-backward", _diagonal), max_examples=20)
    assert [one.matches[0].flaw for one in found.diagnoses if one.matches] == ["diagonal-jacobian"]
