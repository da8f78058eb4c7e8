"""A report shows the Jacobian that gradients imply, where they imply one."""

from typing import Any

import pytest
from subjects import case_of

from gradcert.core.claim import claims_of
from gradcert.core.evidence import Evidence
from gradcert.engine.jacobians import implied_jacobian
from gradcert_implementations import load


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        ({}, True),
        ({"ignore_index": -100}, True),
        ({"label_smoothing": 0.1}, False),
        ({"reduction": "mean", "mean_over": "elements"}, False),
        ({"ignore_index": 0}, False),
    ],
)
def test_the_gradients_of_a_loss_with_options_imply_no_jacobian(
    loss: dict[str, Any], *, shown: bool
) -> None:
    subject = load("numpy", quantities=["dE/dz"], formats=["fp64"], targets="index", loss=loss)
    (claim,) = claims_of(subject)
    evidence = Evidence(case_of([[0.0, 0.0]], [[0.0, 1.0]]), "wrong")
    assert (implied_jacobian(claim, evidence) is not None) is shown
