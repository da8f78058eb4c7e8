"""Loading a subject by its SPEC, and declaring a plain function."""

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from subjects import right

from gradcert_implementations import (
    Array,
    Domain,
    SpecError,
    as_implementation,
    load,
    plugged_in,
)
from gradcert_implementations.flawed import diagonal_only

SOURCE = """
from gradcert_implementations import Domain, Implementation

def gradient(logits, targets):
    return logits - targets

declared = Implementation(
    name="declared",
    functions={"softmax": gradient, "dE/dz": gradient},
    formats=("half",),
    domain=Domain(targets="index", largest_logit=11.0),
)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def test_the_package_loads_nothing_heavy_until_something_is_loaded() -> None:
    code = "import sys, gradcert_implementations as g; g.documented('numpy'); g.plugged_in(); "
    code += "g.Options(formats=['fp32']); g.Domain(targets='index'); "
    code += "print({'numpy', 'msgspec', 'ml_dtypes', 'torch', 'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_plain_function_claims_the_logit_gradient_in_two_formats_by_default(file: Path) -> None:
    loaded = load(f"{file}:gradient")
    assert loaded.name == "gradient"
    assert list(loaded.functions) == ["dE/dz"]
    assert loaded.formats == ("binary64", "binary32")
    assert loaded.domain == Domain(targets="probability")


def test_a_plain_function_may_be_declared_to_be_something_else(file: Path) -> None:
    loaded = load(f"{file}:gradient", quantities=["loss"], formats=["bf16"], targets="any")
    assert list(loaded.functions) == ["loss"]
    assert (loaded.formats, loaded.domain) == (("bfloat16",), Domain(targets="any"))


def test_a_module_is_loaded_by_its_dotted_name() -> None:
    spec = "gradcert_implementations.flawed.diagonal_only:gradient"
    assert load(spec).functions["dE/dz"] is diagonal_only.gradient


def test_an_implementation_object_keeps_what_it_declares(file: Path) -> None:
    loaded = load(f"{file}:declared")
    assert loaded.name == "declared"
    assert list(loaded.functions) == ["softmax", "dE/dz"]
    assert loaded.formats == ("binary16",)
    assert list(load(f"{file}:declared", quantities=["softmax"]).functions) == ["softmax"]


def test_other_targets_leave_the_rest_of_a_domain_alone(file: Path) -> None:
    loaded = load(f"{file}:declared", targets="any")
    assert loaded.domain == Domain(targets="any", largest_logit=11.0)
    assert load(f"{file}:declared").domain == Domain(targets="index", largest_logit=11.0)


def test_two_files_of_one_name_do_not_meet(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / file.name
    other.write_text(SOURCE.replace("logits - targets", "targets"))
    ones = np.ones((1, 2))
    mine, theirs = (load(f"{path}:gradient").functions["dE/dz"] for path in (file, other))
    assert mine(ones, ones).tolist() == [[0, 0]]
    assert theirs(ones, ones).tolist() == [[1, 1]]


def test_an_edited_file_is_loaded_again(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text("def f(z, t):\n    return z\n")
    before = load(f"{kernel}:f").functions["dE/dz"]
    kernel.write_text("def f(z, t):\n    return t\n")
    after = load(f"{kernel}:f").functions["dE/dz"]
    assert (before(1, 2), after(1, 2)) == (1, 2)


def test_a_file_may_import_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "a_sibling.py").write_text("def f(z, t):\n    return z\n")
    (tmp_path / "kernel.py").write_text("from a_sibling import f\n")
    assert load(f"{tmp_path}/kernel.py:f").functions["dE/dz"](1, 2) == 1


def test_a_module_in_the_current_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_local_module.py").write_text("def f(z, t):\n    return z\n")
    monkeypatch.chdir(tmp_path)
    assert load("a_local_module:f").name == "f"


class _Callable:
    def __call__(self, logits: Array, targets: Array) -> Array:
        return right(logits, targets)

    def method(self, logits: Array, targets: Array) -> Array:
        return right(logits, targets)


def _local() -> Callable[..., Array]:
    def gradient(logits: Array, targets: Array) -> Array:
        return right(logits, targets)

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
def test_a_function_without_a_name_to_import_has_no_origin(subject: Callable[..., Array]) -> None:
    assert as_implementation(subject).origin == ""


@pytest.mark.parametrize("subject", [3, "numpy", None])
def test_an_object_that_is_no_function_says_its_type_and_what_is_expected(subject: Any) -> None:
    with pytest.raises(SpecError, match=r"is of type .*; expected an Implementation or a function"):
        as_implementation(subject)


def test_a_misspelt_name_is_answered_with_the_nearest_of_all_kinds() -> None:
    for typed, nearest in [("nunpy", "numpy"), ("diagonal-onyl", "diagonal-only")]:
        with pytest.raises(SpecError, match=f"unknown implementation .* did you mean {nearest}?"):
            load(typed)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a distribution with entry points on the path."""
    (tmp_path / "theirs.py").write_text("def gradient(z, t): return z - t\n")
    about = tmp_path / "theirs-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[gradcert.implementations]\n"
        "theirs = theirs:gradient\nnumpy = theirs:gradient\nbroken = theirs:missing\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugged_in.cache_clear()


@pytest.mark.usefixtures("installed")
def test_an_entry_point_is_selectable_by_name_but_never_in_place_of_a_built_in() -> None:
    loaded = load("theirs")
    plugged_in_names = set(plugged_in())
    plugged_in.cache_clear()
    assert (loaded.name, loaded.origin) == ("gradient", "theirs")
    assert plugged_in_names == {"theirs", "broken"}
    assert load("numpy").library == "numpy"


@pytest.mark.usefixtures("installed")
def test_an_entry_point_that_does_not_import_says_so_in_one_line() -> None:
    with pytest.raises(SpecError, match=r"^'broken' does not import: AttributeError: .*$"):
        load("broken")
    plugged_in.cache_clear()


def test_a_spec_that_is_not_utf_8_is_refused_because_no_certificate_could_name_it() -> None:
    with pytest.raises(SpecError, match=r"has bytes that are not UTF-8: rename the file$"):
        load("kernel\udcff.py:gradient")
