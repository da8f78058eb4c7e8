"""Loading a subject, declaring one, and the subjects that are built in."""

import functools
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from gradcert.certification import certify
from gradcert_implementations import (
    BUILT_IN,
    CLAIMED,
    FLAWED,
    FORMAT_NAMES,
    LIBRARIES,
    QUANTITY_NAMES,
    UNUSUAL,
    Array,
    Implementation,
    Loss,
    SpecError,
    as_implementation,
    documented,
    load,
    select,
)
from gradcert_implementations.flawed import diagonal_only
from gradcert_oracle import FAITHFUL, FORMATS, judge

SOURCE = """
from gradcert_implementations import Implementation

def gradient(logits, targets):
    return logits - targets

declared = Implementation(
    name="declared", functions={"softmax": gradient, "dE/dz": gradient}, formats=("binary16",)
)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def _zeros(logits: Array, _targets: Array) -> Array:
    return np.zeros_like(logits)


ALL = [*BUILT_IN, *CLAIMED, *UNUSUAL, *FLAWED]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ALL)
def test_a_built_in_is_loaded_by_its_name_and_its_summary_is_its_title(name: str) -> None:
    loaded = load(name)
    assert (loaded.name, loaded.origin) == (name, name)
    assert loaded.summary == documented(name)[0]
    assert loaded.summary.endswith(".")


def test_a_name_belongs_to_one_built_in() -> None:
    names = [*ALL, *LIBRARIES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_has_an_extra_of_its_name_and_links_what_its_documentation_promises(
    name: str,
) -> None:
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


def test_the_gradient_of_a_library_that_is_installed_here_conforms() -> None:
    found = certify("scipy", quantities=["dE/dz"], max_examples=10)
    assert (found.verdict, found.provenance.library) == ("conforms", "scipy")


def test_a_title_is_read_without_importing_its_module() -> None:
    code = "import sys, gradcert_implementations as g; before = set(sys.modules); "
    code += f"[g.documented(name) for name in {ALL}]; "
    code += "print({m for m in set(sys.modules) - before if m.startswith('gradcert')})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # The package that holds the flaws is found by importing it, which imports none of them.
    assert done.stdout == "set()\n"


def test_a_plain_function_claims_the_logit_gradient_in_two_formats_unless_told(
    file: Path,
) -> None:
    loaded = load(f"{file}:gradient")
    assert loaded.name == "gradient"
    assert list(loaded.functions) == ["dE/dz"]
    assert loaded.formats == ("binary64", "binary32")
    assert loaded.targets == "probability"


def test_a_plain_function_may_be_said_to_be_something_else(file: Path) -> None:
    options: dict[str, Any] = {"quantities": ["loss"], "formats": ["bfloat16"], "targets": "any"}
    loaded = load(f"{file}:gradient", **options)
    assert list(loaded.functions) == ["loss"]
    assert (loaded.formats, loaded.targets) == (("bfloat16",), "any")


def test_a_module_is_loaded_by_its_dotted_name() -> None:
    spec = "gradcert_implementations.flawed.diagonal_only:gradient"
    assert load(spec).functions["dE/dz"] is diagonal_only.gradient


def test_an_implementation_object_keeps_what_it_declares(file: Path) -> None:
    loaded = load(f"{file}:declared")
    assert loaded.name == "declared"
    assert list(loaded.functions) == ["softmax", "dE/dz"]
    assert loaded.formats == ("binary16",)
    assert list(load(f"{file}:declared", quantities=["softmax"]).functions) == ["softmax"]


def test_two_files_of_one_name_do_not_meet(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / file.name
    other.write_text(SOURCE.replace("logits - targets", "targets"))
    ones = np.ones((1, 2))
    mine, theirs = (load(f"{path}:gradient").functions["dE/dz"] for path in (file, other))
    assert mine(ones, ones).tolist() == [[0, 0]]
    assert theirs(ones, ones).tolist() == [[1, 1]]


class _Callable:
    def __call__(self, logits: Array, targets: Array) -> Array:
        return _zeros(logits, targets)

    def method(self, logits: Array, targets: Array) -> Array:
        return _zeros(logits, targets)


def _local() -> Callable[..., Array]:
    def gradient(logits: Array, targets: Array) -> Array:
        return _zeros(logits, targets)

    return gradient


def test_the_origin_of_an_importable_function_loads_it_again() -> None:
    origin = as_implementation(diagonal_only.gradient).origin
    assert load(origin).functions["dE/dz"] is diagonal_only.gradient


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(lambda logits, _targets: logits, id="a lambda"),
        pytest.param(_local(), id="a function made by a function"),
        pytest.param(functools.partial(diagonal_only.gradient), id="a partial"),
        pytest.param(_Callable(), id="an object that can be called"),
        pytest.param(_Callable().method, id="a method"),
    ],
)
def test_what_no_name_leads_to_has_no_origin(subject: Callable[..., Array]) -> None:
    assert as_implementation(subject).origin == ""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"functions": {}}, "no quantity given; choose from softmax, loss, dE/do, do/dz, dE/dz"),
        ({"functions": {"dz/dE": _zeros}}, "unknown quantity 'dz/dE'; choose from softmax"),
        ({"functions": {"dE/dz": 3}}, "the function for 'dE/dz' is not callable: 3"),
        ({"formats": ()}, "no format given; choose from binary64"),
        ({"formats": ("binary65",)}, "unknown format 'binary65'; choose from binary64"),
        ({"targets": "dog"}, "unknown target domain 'dog'; choose from index, probability, any"),
        (
            {"functions": {"loss": _zeros}, "loss": Loss(output="sigmoid")},
            "unknown quantity of sigmoid 'loss'; choose from dE/dz",
        ),
        ({"largest_logit": 0.0}, "largest_logit is 0.0; it must be positive"),
        ({"largest_logit": float("nan")}, "largest_logit is nan; it must be positive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_declaration_that_means_nothing_is_refused_with_the_value_and_the_choices(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Implementation(**{"name": "mine", "functions": {"dE/dz": _zeros}} | changed)


def test_an_output_that_means_nothing_is_refused_with_the_value_and_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown output 'tanh'; choose from softmax, sigmoid, id"):
        Loss(output="tanh")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"quantities": ["loss"]}, "does not claim the quantity 'loss'; it claims dE/dz"),
        ({"formats": ["binary16"]}, "does not claim the format 'binary16'; it claims binary64"),
        ({"targets": "dog"}, "unknown target domain 'dog'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_selection_beyond_what_is_claimed_is_refused(
    selection: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        select(diagonal_only.implementation, **selection)


def test_a_plain_function_cannot_be_two_quantities() -> None:
    with pytest.raises(SpecError, match="one quantity, not loss, dE/dz"):
        as_implementation(_zeros, quantities=["loss", "dE/dz"])


LOGITS = np.array([[0, 0, 0], [1000.5, 999, 1000], [3, -np.inf, -40]])
PROBABILITIES = np.array([[0.25, 0.25, 0.5], [0.0625, 1, 0.75], [0.875, 0.5, 0.125]])
TARGETS = np.array([[1, 0, 0], [0.25, 0.5, 0.25], [0, 0, 1]])
SHAPES = {"loss": (3,), "do/dz": (3, 3, 3)}


@pytest.mark.parametrize("format", FORMAT_NAMES)
@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_answers_every_quantity_in_every_format_as_the_oracle_does(
    name: str, quantity: Any, format: Any
) -> None:
    dtype = FORMATS[format].dtype
    first = (PROBABILITIES if quantity == "dE/do" else LOGITS).astype(dtype)
    arguments = (first,) if quantity in ("softmax", "do/dz") else (first, TARGETS.astype(dtype))
    answer = load(name).functions[quantity](*arguments)
    assert answer.dtype == dtype
    assert answer.shape == SHAPES.get(quantity, (3, 3))
    rows = [array.astype(np.float64).tolist() for array in arguments]
    for z, t, values in zip(rows[0], rows[-1], answer.astype(np.float64), strict=True):
        targets = tuple(t) if len(arguments) == 2 else ()
        verdict = judge(quantity, tuple(z), targets, FORMATS[format], values.ravel().tolist())
        assert verdict.algorithm is not None, (z, t, values)


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
            judgement = judge("dE/dz", (float(x), 0.0), (1.0, 0.0), FORMATS[format], values)
            number += judgement.algorithm == FAITHFUL
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


def test_an_edited_file_is_loaded_again(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text("def f(z, t):\n    return z\n")
    before = load(f"{kernel}:f").functions["dE/dz"]
    kernel.write_text("def f(z, t):\n    return t\n")
    after = load(f"{kernel}:f").functions["dE/dz"]
    assert (before(1, 2), after(1, 2)) == (1, 2)


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a_sibling.py").write_text("def f(z, t):\n    return z\n")
    (tmp_path / "kernel.py").write_text("from a_sibling import f\n")
    assert load(f"{tmp_path}/kernel.py:f").functions["dE/dz"](1, 2) == 1


def test_a_module_in_the_current_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_local_module.py").write_text("def f(z, t):\n    return z\n")
    monkeypatch.chdir(tmp_path)
    assert load("a_local_module:f").name == "f"


def test_the_range_that_decides_is_finite() -> None:
    with pytest.raises(ValueError, match="largest_logit is inf"):
        Implementation(
            name="x", functions={"dE/dz": diagonal_only.gradient}, largest_logit=float("inf")
        )
