"""A claim names the output of its loss, and is certified against the gradient of that output."""

import pytest

from gradcert import certify
from gradcert_implementations import Implementation, Loss, OutputName, load
from gradcert_implementations.identity_product import gradient as identity_product
from gradcert_implementations.numpy_by_hand import gradient as softmax_gradient
from gradcert_implementations.sigmoid_product import gradient as sigmoid_product


@pytest.mark.parametrize("name", ["sigmoid-product", "identity-product"])
@pytest.mark.parametrize("targets", ["index", "probability", "any", "signed"])
def test_the_diagonal_product_conforms_where_the_outputs_are_elementwise(
    name: str, targets: str
) -> None:
    found = certify(
        load(name, targets=targets), formats=["binary64"], max_examples=30, effort="quick"
    )
    assert found.verdict == "conforms"
    assert {result.quantity for result in found.results} == {"dE/dz"}


@pytest.mark.parametrize(
    ("function", "output"),
    [
        (sigmoid_product, "softmax"),
        (sigmoid_product, "identity"),
        (identity_product, "softmax"),
        (identity_product, "sigmoid"),
        (softmax_gradient, "sigmoid"),
        (softmax_gradient, "identity"),
        (lambda z, t: -sigmoid_product(z, t), "sigmoid"),
        (lambda z, t: -identity_product(z, t), "identity"),
    ],
)
def test_the_gradient_of_another_output_is_refuted(function: object, output: OutputName) -> None:
    subject = Implementation(
        name="of another output",
        functions={"dE/dz": function},  # type: ignore[dict-item]
        formats=("binary64",),
        loss=Loss(output=output),
    )
    found = certify(subject, max_examples=10, effort="quick")
    assert found.verdict == "refuted"
