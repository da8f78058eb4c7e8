"""The built-ins: found by name, documented, and as right as they claim."""

import gc
import importlib.metadata
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import gradcert
from gradcert_implementations import (
    BUILT_IN,
    FLAWED,
    FORMAT_NAMES,
    LEDGER_FORMULAS,
    LIBRARIES,
    MODULES,
    QUANTITY_NAMES,
    UNUSUAL,
    SpecError,
    documented,
    load,
)
from gradcert_oracle import FAITHFUL, FORMATS, judge, quantity_of, question

ALL = [*BUILT_IN, *LEDGER_FORMULAS, *UNUSUAL, *FLAWED]

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ALL)
def test_a_built_in_is_loaded_by_its_name_and_its_summary_is_its_title(name: str) -> None:
    loaded = load(name)
    assert (loaded.name, loaded.origin) == (name, name)
    assert loaded.summary == documented(name)[0]
    assert loaded.summary.endswith(".")


def test_a_name_belongs_to_one_built_in() -> None:
    names = [*ALL, *LIBRARIES]
    assert len(names) == len(set(names))
    assert set(names) == set(MODULES)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_has_an_extra_of_its_name_and_links_its_documentation(name: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    title, text = documented(name)
    assert name in extras
    assert title.endswith(".")
    assert "https://" in text


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_is_loaded_by_its_name_or_says_which_extra_it_needs(name: str) -> None:
    try:
        loaded = load(name)
    except SpecError as error:
        assert f"pip install 'gradcert[{name}]'" in str(error)  # noqa: PT017
        return
    assert (loaded.name, loaded.origin) == (name, name)
    assert loaded.library in importlib.metadata.packages_distributions()[loaded.library]


def test_the_gradient_of_an_installed_library_conforms_where_its_sums_are_in_range() -> None:
    """SciPy adds in the format of the logits, and a sum of 65,505 ones is infinite in binary16."""
    found = gradcert.certify("scipy", quantities=["dE/dz"], max_examples=10)
    assert found.provenance.library == "scipy"
    assert {result.format for result in found.refutations} == {"binary16"}
    assert {result.verdict for result in found.results} == {"conforms", "refuted"}


def test_a_title_is_read_without_importing_its_module() -> None:
    code = "import sys, gradcert_implementations as g; before = set(sys.modules); "
    code += f"[g.documented(name) for name in {ALL}]; "
    code += "print({m for m in set(sys.modules) - before if m.startswith('gradcert')})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # The package that holds the flaws is found by importing it, which imports none of them.
    assert done.stdout == "set()\n"


def test_threads_read_titles_at_the_same_time() -> None:
    # A collection of garbage that runs Python lets another thread in, in the middle of a parse.
    def runs_python(*_: object) -> None:
        sum(range(50))

    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    try:
        sys.setswitchinterval(1e-6)
        gc.set_threshold(50)
        gc.callbacks.append(runs_python)
        with ThreadPoolExecutor(8) as threads:
            titles = list(threads.map(documented.__wrapped__, [*BUILT_IN] * 50))
    finally:
        gc.callbacks.remove(runs_python)
        sys.setswitchinterval(interval)
        gc.set_threshold(*threshold)
    assert titles == [documented(name) for name in BUILT_IN] * 50


LOGITS = np.array([[0, 0, 0], [1000.5, 999, 1000], [3, -np.inf, -40]])
PROBABILITIES = np.array([[0.25, 0.25, 0.5], [0.0625, 1, 0.75], [0.875, 0.5, 0.125]])
TARGETS = np.array([[1, 0, 0], [0.25, 0.5, 0.25], [0, 0, 1]])
V = np.array([[1, -0.5, 2], [0, 3, -3], [-1, 0, 0.25]])
ARGUMENTS = {"logits": LOGITS, "probabilities": PROBABILITIES, "targets": TARGETS, "v": V}


@pytest.mark.parametrize("format", FORMAT_NAMES)
@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_answers_every_quantity_in_every_format_as_the_oracle_does(
    name: str, quantity: Any, format: str
) -> None:
    dtype = FORMATS[format].dtype
    known = quantity_of(quantity)
    arguments = [ARGUMENTS[argument].astype(dtype) for argument in known.arguments]
    if not known.masked:
        arguments[0] = np.maximum(arguments[0], np.array(-1000, dtype))
    answer = load(name).functions[quantity](*arguments)
    assert answer.dtype == dtype
    assert answer.shape == known.shape(3, 3)
    for row, values in enumerate(answer.astype(np.float64)):
        rows = [tuple(argument[row].astype(np.float64).tolist()) for argument in arguments]
        asked = question(quantity, *rows, format=FORMATS[format])
        assert judge(asked, values.ravel().tolist()).algorithm is not None, (rows, values)


def test_an_approximate_exponential_of_a_masked_class_is_zero() -> None:
    logits = np.array([[0, -np.inf, x] for x in np.linspace(-3, 3, 100)], np.float32)
    targets = np.eye(1, 3, dtype=np.float32).repeat(100, axis=0)
    answer = load("approximate-instructions").functions["dE/dz"](logits, targets)
    assert not answer[:, 1].any()


def test_diagonal_only_returns_what_the_mistake_returns() -> None:
    logits = np.log([[0.25, 0.75]])
    targets = np.array([[0.5, 0.5]])
    returned = load("diagonal-only").functions["dE/dz"](logits, targets)
    np.testing.assert_allclose(returned, [[-0.375, -0.125]], rtol=4 * np.finfo(np.float64).eps)


@pytest.mark.parametrize("format", ["binary64", "binary32"])
def test_a_confident_row_is_faithful_where_the_target_is_minus_the_sum_of_the_others(
    format: str,
) -> None:
    """``o_t - 1`` cancels, so that the hand-written gradient is almost never faithful there."""

    def faithful(name: str) -> int:
        gradient = load(name).functions["dE/dz"]
        number = 0
        for x in range(1, 81):
            z, t = (np.array([row], FORMATS[format].dtype) for row in ([x, 0], [1, 0]))
            values = gradient(z, t)[0].astype(float).tolist()
            asked = question("dE/dz", (float(x), 0.0), (1.0, 0.0), format=FORMATS[format])
            number += judge(asked, values).algorithm == FAITHFUL
        return number

    assert faithful("compensated-target") >= 70
    assert faithful("numpy") <= 10


def test_using_the_jax_subject_leaves_the_settings_of_jax_alone() -> None:
    import jax

    answer = load("jax").functions["softmax"](np.zeros((1, 2)))
    assert answer.dtype == np.float64
    assert jax.numpy.zeros(1).dtype == np.float32
    assert jax.config.jax_enable_x64 is False


def test_the_answers_of_a_framework_can_be_written_to() -> None:
    for name in BUILT_IN:
        answer = load(name).functions["softmax"](np.zeros((1, 2), ml_dtypes.bfloat16))
        assert answer.flags.writeable, name
