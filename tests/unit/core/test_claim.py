"""A claim calls its function with copies, and asks the oracle about exactly the same numbers."""

import warnings
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from subjects import Gradient, case_of, claim_of, in_binary32, right, transposed

import gradcert_oracle
from gradcert.checks.repeated_calls import same_answer_twice
from gradcert.core.claim import claims_of
from gradcert.core.failures import Broken, NotSupported, shown_as
from gradcert.core.shares import true_loss
from gradcert_implementations import Array, Implementation, Loss, load
from gradcert_oracle import BINARY32, GRADIENT, SIGMOID_GRADIENT

CASE = case_of([[0.5, -np.inf], [1.0, 2.0]], [[1.0, 0.0], [0.25, 0.75]])


def test_a_function_is_called_with_the_arguments_that_its_quantity_takes_and_in_their_order() -> (
    None
):
    both = claim_of(right).arguments(CASE)
    assert [array.tolist() for array in both] == [CASE["logits"].tolist(), CASE["targets"].tolist()]
    (alone,) = claim_of(lambda z: z, "softmax").arguments(CASE)
    assert alone is CASE["logits"]


def test_what_a_function_does_to_its_arguments_does_not_reach_the_case() -> None:
    def overwriting(z: Array, t: Array) -> Array:
        z[:], t[:] = 7, 7
        return z

    claim_of(overwriting).answer(CASE)
    assert CASE["logits"].tolist() == [[0.5, -np.inf], [1.0, 2.0]]
    assert CASE["targets"].tolist() == [[1.0, 0.0], [0.25, 0.75]]


def test_the_question_about_a_row_has_exactly_its_numbers() -> None:
    narrow = case_of([[0.1, 0.2]], [[0.3, 0.7]], BINARY32)
    question = claim_of(right, format=BINARY32).question(narrow, 0)
    assert question["logits"] == (float(np.float32(0.1)), float(np.float32(0.2)))
    assert question["targets"] == (float(np.float32(0.3)), float(np.float32(0.7)))
    assert (question.quantity, question.format) == (GRADIENT, BINARY32)


def test_there_is_one_question_for_each_row() -> None:
    rows = [question["logits"] for question in claim_of(right).questions(CASE)]
    assert rows == [(0.5, -np.inf), (1.0, 2.0)]


def test_the_loss_of_an_implementation_has_every_option_of_that_of_the_oracle() -> None:
    ours, theirs = ({field.name for field in fields(loss)} for loss in (Loss, gradcert_oracle.Loss))
    assert ours > theirs
    assert true_loss(Loss(), 2) == gradcert_oracle.Loss()


def test_the_claims_of_an_implementation_are_its_quantities_in_each_of_its_formats() -> None:
    subject = load("numpy", quantities=["softmax", "dE/dz"], formats=["binary64", "binary32"])
    assert list(map(str, claims_of(subject))) == [
        "softmax-binary64",
        "softmax-binary32",
        "dE/dz-binary64",
        "dE/dz-binary32",
    ]


def test_a_claim_is_about_the_gradient_of_the_loss_of_its_implementation() -> None:
    subject = Implementation(
        name="theirs",
        functions={"dE/dz": right},
        formats=("binary64",),
        loss=Loss(output="sigmoid"),
    )
    (claim,) = claims_of(subject)
    question = claim.question(CASE, 1)
    assert question.quantity is SIGMOID_GRADIENT
    assert question.loss == gradcert_oracle.Loss(output=subject.loss.output)


def test_the_interrupt_of_the_user_is_no_fault_of_the_function() -> None:
    def interrupted(_z: Array, _t: Array) -> Array:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        claim_of(interrupted).answer(CASE)


def test_a_function_may_warn_and_overflow() -> None:
    def warning(z: Array, t: Array) -> Array:
        warnings.warn("slow", stacklevel=1)
        return np.exp(z + 1e4) + t

    assert np.isinf(claim_of(warning).answer(CASE)).any()


class Unspeakable(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a\x1b[31mred\nline\ud800"), "raised ValueError: a [31mred line"),
        (Unspeakable(), "raised Unspeakable: (its message raises RuntimeError)"),
        (GeneratorExit("gone"), "raised GeneratorExit: gone"),
        (SystemExit(3), "raised SystemExit: 3"),
    ],
)
def test_anything_that_a_function_raises_is_broken_in_one_printable_line(
    error: BaseException, said: str
) -> None:
    def raising(_z: Array, _t: Array) -> Array:
        raise error

    with pytest.raises(Broken) as caught:
        claim_of(raising).answer(CASE)
    assert str(caught.value) == said


def test_a_function_that_raises_not_implemented_does_not_support_the_case() -> None:
    def unwilling(_z: Array, _t: Array) -> Array:
        raise NotImplementedError("no\nmasks")

    with pytest.raises(NotSupported, match=r"^no masks$"):
        claim_of(unwilling).answer(CASE)


def as_a_list(z: Array, t: Array) -> list[Any]:
    return right(z, t).tolist()


def nothing(_z: Array, _t: Array) -> None:
    return None


def as_complex(z: Array, t: Array) -> Array:
    return right(z, t).astype(complex)


def as_a_masked_array(z: Array, t: Array) -> Array:
    return np.ma.masked_array(right(z, t))


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (in_binary32, "returned dtype float32, expected float64"),
        (as_complex, "returned dtype complex128, expected float64"),
        (transposed, "returned shape (1, 2, 2), expected (2, 2)"),
        (as_a_list, "returned list, expected a numpy array"),
        (nothing, "returned NoneType, expected a numpy array"),
        (as_a_masked_array, "returned MaskedArray, expected a numpy array"),
    ],
)
def test_what_is_no_answer_is_broken_with_the_reason(subject: Gradient, reason: str) -> None:
    with pytest.raises(Broken) as caught:
        claim_of(subject).answer(CASE)
    assert str(caught.value) == reason


def test_what_is_broken_has_the_case_that_the_function_was_called_with() -> None:
    def blind_to_the_last_class(z: Array, t: Array) -> Array:
        if t[0, -1]:
            raise IndexError("no such class")
        return right(z, t)

    claim = claim_of(blind_to_the_last_class)
    with pytest.raises(Broken) as caught:
        same_answer_twice(claim, case_of([[1.0, 2.0]], [[1.0, 0.0]]))
    assert caught.value.case is not None
    assert caught.value.case["targets"].tolist() == [[0.0, 1.0]]
    with pytest.raises(Broken) as caught:
        claim.answer(CASE.of_rows(np.zeros(0, int)))
    assert caught.value.case is None


def test_a_long_message_of_an_error_is_cut() -> None:
    def raising(_z: Array, _t: Array) -> Array:
        raise ValueError("x" * 1000)

    with pytest.raises(Broken) as caught:
        claim_of(raising).answer(CASE)
    assert str(caught.value) == f"raised ValueError: {'x' * 300}"


def test_a_failure_says_how_the_function_was_called_and_which_expression_shows_it() -> None:
    cause = ValueError("no")
    with pytest.raises(Broken) as caught, shown_as("for two rows", "f(*two)", CASE):
        raise Broken("raised ValueError: no") from cause
    broken = caught.value
    assert str(broken) == "raised ValueError: no, for two rows"
    assert (broken.shown_by, broken.case, broken.__cause__) == (("f(*two)",), CASE, cause)
