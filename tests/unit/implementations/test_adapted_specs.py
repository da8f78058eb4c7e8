"""A SPEC names an adapter and an object, and a report can show both."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import Given, OptionValues, SpecError, load, reloading

LOSSES = """
import torch, numpy
from torch.nn import functional
from gradcert_implementations.adapters.torch_loss import from_torch

def loss(z, t):
    return functional.cross_entropy(z, t)

def flipped(z, t):
    return -functional.cross_entropy(z, t)

class Scaled(torch.nn.Module):
    def __init__(self, scale):
        super().__init__()

made = from_torch(loss)
three = 3
"""


@pytest.fixture
def losses(tmp_path: Path) -> Path:
    path = tmp_path / "losses.py"
    path.write_text(LOSSES)
    return path


def test_a_spec_names_the_adapter_and_the_object_and_can_be_loaded_again(losses: Path) -> None:
    spec = f"torch:{losses}:loss"
    loaded = load(spec, targets="index", formats=["bf16"])
    assert (loaded.name, loaded.origin, loaded.library) == ("loss", spec, "torch")
    assert (loaded.domain.targets, loaded.formats) == ("index", ("bfloat16",))
    assert reloading(loaded) == {"targets": "index", "device": "cpu"}
    again = load(spec, **reloading(loaded)).functions["dE/dz"]
    assert again(np.zeros((1, 2)), np.array([[1.0, 0.0]])).tolist() == [[-0.5, 0.5]]


def test_a_loss_that_is_loaded_again_has_the_options_that_were_chosen_and_those_it_filled_in(
    losses: Path,
) -> None:
    spec = f"torch:{losses}:loss"
    options: OptionValues = {
        "targets": "index",
        "loss": {"label_smoothing": 0.1, "reduction": "mean"},
        "domain": {"layout": "sequence", "largest_logit": 50},
    }
    loaded = load(spec, **options)
    again = reloading(loaded)
    assert again["loss"] == options["loss"]
    assert again["domain"] == {"layout": "sequence"}
    assert load(spec, **again).loss == loaded.loss
    read = replace(loaded, filled_in=(Given("softcap", 30.0),))
    assert reloading(read)["loss"] == {
        "label_smoothing": 0.1,
        "softcap": None,
        "reduction": "mean",
    }


def test_the_snippet_of_a_refuted_loss_has_its_options(losses: Path, tmp_path: Path) -> None:
    found = gradcert.certify(
        f"torch:{losses}:flipped",
        quantities=["dE/dz"],
        formats=["binary64"],
        loss={"z_loss": 1e-4, "class_weights": [1.0, 1.0]},
        max_examples=5,
        effort="quick",
    )
    shown = found.leading[0].discrepancy
    assert shown is not None
    assert "loss={'class_weights': (1.0, 1.0), 'z_loss': 0.0001})" in shown.snippet
    command = [sys.executable, "-c", shown.snippet]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)


def test_the_snippet_of_a_refuted_loss_shows_what_it_says(losses: Path, tmp_path: Path) -> None:
    found = gradcert.certify(
        f"torch:{losses}:flipped",
        targets="index",
        formats=["binary64"],
        max_examples=5,
        effort="quick",
    )
    diagnoses = {diagnosis.quantity: diagnosis for diagnosis in found.diagnoses}
    assert diagnoses["dE/dz"].matches[0].flaw == "sign-flipped"
    assert diagnoses["loss"].findings[0] == "the sign is flipped"
    printed = []
    for result in found.leading:
        assert result.discrepancy is not None
        snippet = result.discrepancy.snippet
        assert 'targets="index", device="cpu")' in snippet
        command = [sys.executable, "-c", snippet]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        printed.append(done.stdout)
    assert printed == ["[-0.69314718]\n", "[[ 0.5 -0.5]]\n"]


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("torch:{}:three", {}, "is of type int; expected"),
        ("torch:{}:made", {}, "is an Implementation, which needs no adapter: write {}:made"),
        ("torch:{}:Scaled", {}, "the module cannot be made (Scaled.__init__() missing 1 required"),
        ("torch:{}", {}, "names no function: write torch:{}:name"),
        ("torch:softmax", {}, "write torch:path/to/file.py:name or torch:package.module:name"),
        ("torch:{}:loss", {"device": "abacus"}, "the device 'abacus' cannot be used"),
        (
            "torch:{}:loss",
            {"quantities": ["do/dz"]},
            "do/dz cannot be claimed here; choose quantities of one kind: a loss gives loss or "
            "dE/dz or dE/do or hvp or dE/dt, a softmax gives softmax or softmax-backward, a ",
        ),
        ("torch:{}:loss", {"targets": "some"}, "unknown target domain 'some'"),
        ("jax:{}:loss", {"device": "abacus"}, "the device 'abacus' cannot be used"),
        ("numpy:{}:loss", {"device": "cpu"}, "takes no device"),
        ("numpy", {"device": "cpu"}, "takes no device"),
        ("command:", {}, "no program is named"),
        ("command:./missing --fast", {}, "there is no program './missing' that can be run"),
        ("command:'./open", {}, 'the command "\'./open" has an open quote; close it'),
    ],
)
def test_a_spec_that_cannot_be_adapted_says_why_in_one_line(
    losses: Path, spec: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        load(spec.format(losses), **options)
    assert message.format(losses) in str(caught.value)
    assert "\n" not in str(caught.value)
