"""Class weights are an array, a function, or what a file names."""

import shutil
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from gradcert_implementations import Domain, Loss, NamedWeights, classes_of
from gradcert_implementations.importing import imported_object, named


@pytest.mark.parametrize(
    "given",
    [
        [0.5, 2, 1],
        (0.5, 2.0, 1.0),
        "0.5,2,1",
        np.array([0.5, 2, 1], np.float32),
        np.array([0.5, 2, 1], ml_dtypes.bfloat16),
        torch.tensor([0.5, 2, 1], dtype=torch.float64),
    ],
    ids=lambda given: type(given).__name__,
)
def test_class_weights_are_an_array_of_any_kind_and_fix_the_number_of_classes(given: Any) -> None:
    loss = Loss(class_weights=given)
    assert loss.class_weights == (0.5, 2.0, 1.0)
    assert classes_of(loss, Domain()) == 3
    assert loss.weights(3) == (0.5, 2.0, 1.0)
    with pytest.raises(ValueError, match="class_weights has 3 numbers for 4 classes"):
        loss.weights(4)


def test_a_class_may_have_the_weight_zero() -> None:
    assert Loss(class_weights=[0, 1]).weights(2) == (0.0, 1.0)


def test_class_weights_may_be_a_function_from_the_number_of_classes() -> None:
    loss = Loss(class_weights=lambda n: np.arange(1, n + 1))
    assert classes_of(loss, Domain()) is None
    assert loss.weights(3) == (1.0, 2.0, 3.0)
    assert loss.weights(2) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda n: [1.0] * (n + 1), "class_weights has 4 numbers for 3 classes"),
        (lambda n: [-1.0] * n, "class_weights is [-1.0, -1.0, -1.0]; expected finite numbers fr"),
        (lambda n: 1 // (n - n), "class_weights raised ZeroDivisionError for 3 classes: integer"),
    ],
    ids=["too many", "negative", "an error"],
)
def test_a_function_that_does_not_return_weights_is_one_line(function: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as caught:
        Loss(class_weights=function).weights(3)
    assert str(caught.value).startswith(message)


def test_no_class_weights_are_no_numbers() -> None:
    assert Loss().weights(3) is None


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "my_weights.py"
    path.write_text(
        "import numpy as np\n"
        "three = np.array([0.5, 2.0, 1.0])\n"
        "def rising(classes):\n"
        "    return np.arange(1, classes + 1)\n"
    )
    return path


def test_class_weights_may_be_named_by_a_file_with_an_array_or_a_function(weights: Path) -> None:
    assert Loss(class_weights=f"{weights}:three").class_weights == (0.5, 2.0, 1.0)
    named = Loss(class_weights=f"{weights}:rising")
    assert named.class_weights == NamedWeights(f"{weights}:rising")
    assert named.weights(2) == (1.0, 2.0)
    with pytest.raises(ValueError, match="has no attribute 'falling'"):
        Loss(class_weights=f"{weights}:falling")


def test_a_public_function_is_known_by_its_spec_and_another_one_by_itself(weights: Path) -> None:
    function = imported_object(named(f"{weights}:rising"), "mine")
    assert Loss(class_weights=function).class_weights == NamedWeights(f"{weights}:rising")
    assert Loss(class_weights=shutil.which).class_weights == NamedWeights("shutil:which")

    def local(classes: int) -> list[float]:
        return [1.0] * classes

    assert Loss(class_weights=local).class_weights is local


def test_a_function_of_class_weights_that_cannot_be_hashed_is_one_line() -> None:
    class Weights(list[float]):
        def __call__(self, classes: int) -> list[float]:
            return [1.0] * classes

    with pytest.raises(ValueError, match=r"^class_weights is of type .*Weights, which cannot be h"):
        Loss(class_weights=Weights())
