"""A SPEC may call what it names with literals, and nothing is evaluated."""

from pathlib import Path

import numpy as np
import pytest

from gradcert_implementations import (
    SpecError,
    load,
)

CALLED = """
import torch

class Scaled:
    def __init__(self, scale, *, names=("a:b",), shift=0):
        self.scale, self.names, self.shift = scale, names, shift
    def __call__(self, logits, targets):
        return self.scale * (logits - targets) + self.shift

def failing(why):
    raise RuntimeError(why)

def number():
    return 3
"""


@pytest.fixture
def called(tmp_path: Path) -> Path:
    path = tmp_path / "kernels (old).py"
    path.write_text(CALLED)
    return path


@pytest.mark.parametrize("prefix", ["", "numpy:"])
def test_a_spec_may_call_what_it_names_with_literals(called: Path, prefix: str) -> None:
    for arguments, expected in (
        ("2.0", 2.0),
        ("-2", -2.0),
        ("scale=3, names=['x', \"y:z(1)\"], shift=1", 4.0),
        ("2, shift=0x10, names=(None, True, {'a': 1.5})", 18.0),
    ):
        loaded = load(f"{prefix}{called}:Scaled({arguments})")
        assert loaded.name == f"Scaled({arguments})"
        assert loaded.origin == f"{prefix}{called}:Scaled({arguments})"
        assert loaded.functions["dE/dz"](np.ones((1, 1)), np.zeros((1, 1))).tolist() == [[expected]]


def test_a_loss_of_torch_and_one_of_jax_are_called_with_literals(called: Path) -> None:
    loaded = load("torch:torch.nn:CrossEntropyLoss(label_smoothing=0.5)")
    slope = loaded.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    np.testing.assert_allclose(slope, [[-0.25, 0.25]])
    assert load(f"jax:{called}:Scaled(2)").name == "Scaled(2)"


def test_an_implementation_that_a_call_returns_keeps_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text(
        "import gradcert\n"
        "def made(factor):\n"
        "    return gradcert.Implementation(name='mine', functions={'dE/dz': lambda z, t: z})\n"
    )
    assert load(f"{file}:made(2)").name == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "(1 + x)",
            "'1 + x' is more than literals; expected numbers, texts, True, False, None",
        ),
        ("(open('x'))", "is more than literals"),
        ("(**{'scale': 1})", "is more than literals"),
        ("(*[1])", "is more than literals"),
        ("(1, scale=)", "is more than literals"),
        ("(1) + Scaled(2)", "is more than literals"),
        ("(1)(2)", "is more than literals"),
        ("('a', 'b', 'c')", "cannot be called with these arguments: TypeError: "),
        ("()", "cannot be called with these arguments: TypeError: "),
        ("(2", "the brackets of the call are not closed; end it with )"),
    ],
)
def test_a_call_with_more_than_literals_is_one_line(
    called: Path, arguments: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load(f"{called}:Scaled{arguments}")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_call_that_raises_or_returns_no_function_is_one_line(called: Path) -> None:
    with pytest.raises(SpecError, match=r"with these arguments: RuntimeError: no memory$"):
        load(f"{called}:failing('no\\nmemory')")
    with pytest.raises(SpecError, match="is of type int; expected an Implementation or a function"):
        load(f"{called}:number()")


def test_nothing_of_a_call_is_evaluated(called: Path, tmp_path: Path) -> None:
    for text in ("__import__('os').mkdir('made')", "[print(1) for _ in ' ']", "f'{1}'"):
        with pytest.raises(SpecError, match="is more than literals"):
            load(f"{called}:Scaled({text})")
    assert not (tmp_path / "made").exists()
