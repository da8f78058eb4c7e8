"""Loading a subject by its SPEC, declaring a plain function, and selecting what it claims."""

import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcert_implementations import (
    Array,
    Domain,
    Implementation,
    Loss,
    Options,
    OptionValues,
    SpecError,
    as_implementation,
    load,
    plugged_in,
    reloading,
    select,
)
from gradcert_implementations.flawed import diagonal_only, targets_assumed_to_sum_to_one

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


def _zeros(logits: Array, _targets: Array) -> Array:
    return np.zeros_like(logits)


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
def test_a_function_without_a_name_to_import_has_no_origin(subject: Callable[..., Array]) -> None:
    assert as_implementation(subject).origin == ""


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"quantities": ["loss"]}, "does not claim the quantity 'loss'; it claims dE/dz"),
        ({"formats": ["half"]}, "does not claim the format 'binary16'; it claims binary64"),
        ({"device": "cpu"}, "takes no device, as an Implementation has its own: leave it out"),
    ],
    ids=str,
)
def test_a_selection_beyond_the_claims_is_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        select(diagonal_only.implementation, Options(**chosen))


def test_a_selection_keeps_the_kind_of_the_implementation_and_all_else_it_declares() -> None:
    flaw = targets_assumed_to_sum_to_one.implementation
    selected = select(flaw, Options(formats=["fp32"], targets="index"))
    assert type(selected) is type(flaw)
    assert (selected.formats, selected.domain.targets) == (("binary32",), "index")
    assert (selected.formula, selected.loss) == (flaw.formula, flaw.loss)


IGNORING = Loss(ignore_index=-100), Domain(targets="index")
OF_THREE_CLASSES = Loss(class_weights=[1, 2, 3]), Domain()


@pytest.mark.parametrize(
    ("declared", "chosen", "expected"),
    [
        (
            (Loss(), Domain()),
            {
                "loss": {"ignore_index": -100},
                "domain": {"targets": "index", "ignored_rows_may_hold_anything": True},
            },
            (
                Loss(ignore_index=-100),
                Domain(targets="index", ignored_rows_may_hold_anything=True),
            ),
        ),
        (
            IGNORING,
            {"loss": {"ignore_index": None}, "targets": "probability"},
            (Loss(), Domain()),
        ),
        (
            OF_THREE_CLASSES,
            {"loss": {"class_weights": None}, "domain": {"classes": 7}},
            (Loss(), Domain(classes=7)),
        ),
    ],
    ids=["ignored rows", "nothing ignored", "other classes"],
)
def test_a_loss_and_a_domain_that_go_together_are_chosen_together(
    declared: tuple[Loss, Domain], chosen: OptionValues, expected: tuple[Loss, Domain]
) -> None:
    loss, domain = declared
    mine = Implementation(name="mine", functions={"dE/dz": _zeros}, loss=loss, domain=domain)
    flaw = replace(diagonal_only.implementation, loss=loss, domain=domain)
    for subject in (mine, flaw):
        selected = select(subject, Options(**chosen))
        assert (selected.loss, selected.domain) == expected


CAPPED = """
from gradcert_implementations import Domain, Implementation, Loss

def functions_for(loss):
    return {"dE/dz": lambda z, t: z if loss.softcap is None else -z}

capped = Implementation(
    name="capped",
    functions=functions_for(Loss(softcap=30)),
    functions_for=functions_for,
    formats=("fp64",),
    loss=Loss(softcap=30, ignore_index=-100),
    domain=Domain(targets="index", ignored_rows_may_hold_anything=True),
)
"""


def test_a_declared_option_that_was_taken_back_is_taken_back_where_it_is_loaded_again(
    tmp_path: Path,
) -> None:
    file = tmp_path / "capped.py"
    file.write_text(CAPPED)
    plain = load(f"{file}:capped", loss=["softcap=none"])
    again = load(f"{file}:capped", **reloading(plain))
    assert again.loss == plain.loss == Loss(ignore_index=-100)
    assert again.functions["dE/dz"](np.ones(1), np.ones(1)).tolist() == [1]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"quantities": ["loss", "dE/dz"]}, "one quantity, not loss, dE/dz; for several, write an"),
        ({"device": "cuda"}, "_zeros takes no device; a loss does: from_torch or from_jax"),
    ],
    ids=str,
)
def test_options_that_do_not_suit_a_plain_function_are_refused(
    chosen: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        as_implementation(_zeros, Options(**chosen))


@pytest.mark.parametrize("subject", [3, "numpy", None])
def test_an_object_that_is_no_function_says_its_type_and_what_is_expected(subject: Any) -> None:
    with pytest.raises(SpecError, match=r"is of type .*; expected an Implementation or a function"):
        as_implementation(subject)


def test_a_misspelt_name_is_answered_with_the_nearest_of_all_kinds() -> None:
    for typed, nearest in [("nunpy", "numpy"), ("diagonal-onyl", "diagonal-only")]:
        with pytest.raises(SpecError, match=f"unknown implementation .* did you mean {nearest}?"):
            load(typed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantities": ["dE/Dz"]}, "unknown quantity"),
        ({"formats": ["fp33"]}, "unknown format"),
        ({"targets": "indices"}, "unknown target domain"),
        ({"device": "cuda"}, "takes no device; a loss does: torch:... or jax:..."),
    ],
    ids=str,
)
def test_an_option_that_cannot_be_right_is_refused_before_anything_is_imported(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    kernel = tmp_path / "kernel.py"
    kernel.write_text("raise RuntimeError('imported')\n")
    with pytest.raises(SpecError, match="imported"):
        load(f"{kernel}:gradient")
    for spec in (f"{kernel}:gradient", f"numpy:{kernel}:gradient"):
        with pytest.raises(SpecError) as caught:
            load(spec, **options)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


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
