"""The example programs are built and certified as their README says."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import gradcert
from gradcert import Certificate
from gradcert_implementations import QUANTITY_ARGUMENTS, QuantityName, load

EXAMPLES = Path(__file__).parents[3] / "implementations" / "examples"


def _certified(command: str, **options: str) -> Certificate:
    return gradcert.certify(f"command:{command}", effort="quick", **options)  # type: ignore[arg-type]


def _built(compiler: list[str], program: Path) -> str:
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"there is no {compiler[0]} here")
    subprocess.run(compiler, check=True, capture_output=True)
    return str(program)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the commands that run all three."""
    folder = tmp_path_factory.mktemp("examples")
    c, rust = folder / "in_c", folder / "in_rust"
    source = str(EXAMPLES / "softmax_gradient")
    _built(["gcc", "-O2", f"{source}.c", "-o", str(c), "-lm"], c)
    _built(["rustc", "--edition", "2021", "-O", f"{source}.rs", "-o", str(rust)], rust)
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    return [str(c), str(rust), f"node {source}.mjs"]


def test_the_c_example_compiles_without_a_warning_and_conforms(tmp_path: Path) -> None:
    source, program = EXAMPLES / "softmax_gradient.c", tmp_path / "softmax_gradient"
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
    command = ["gcc", "-O2", "-std=c11", *strict, str(source), "-o", str(program), "-lm"]
    assert _certified(_built(command, program)).verdict == "conforms"


def test_the_rust_example_conforms_on_class_indices(tmp_path: Path) -> None:
    source, program = EXAMPLES / "softmax_gradient.rs", tmp_path / "softmax_gradient"
    command = [
        "rustc",
        "--edition",
        "2021",
        "-O",
        "-D",
        "warnings",
        str(source),
        "-o",
        str(program),
    ]
    assert _certified(_built(command, program), targets="index").verdict == "conforms"


def test_the_javascript_example_has_the_flaw_that_was_planted() -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no node here")
    found = _certified(f"node {EXAMPLES / 'softmax_gradient.mjs'}")
    assert found.verdict == "refuted"
    assert [diagnosis.matches[0].flaw for diagnosis in found.diagnoses] == ["diagonal-only"]
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.arguments["logits"] == (("0.0", "0.0"),)


@pytest.mark.parametrize("targets", ["probability", "index"])
@pytest.mark.parametrize("quantity", ["softmax", "softmax-backward", "hvp", "dE/dt"])
def test_every_example_reads_what_it_declines_to_its_last_byte(
    quantity: QuantityName, targets: str, examples: list[str]
) -> None:
    for command in examples:
        subject = load(f"command:{command}", quantities=[quantity], targets=targets)
        arrays = [np.eye(2)] * len(QUANTITY_ARGUMENTS[quantity])
        for _ in range(2):
            with pytest.raises(NotImplementedError, match=f"{quantity} of targets"):
                subject.functions[quantity](*arrays)


def test_every_example_fits_on_a_page() -> None:
    programs = sorted(EXAMPLES.glob("softmax_gradient.*"))
    assert len(programs) == 3
    assert all(len(program.read_text().splitlines()) < 80 for program in programs)
