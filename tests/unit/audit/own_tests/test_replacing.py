"""A function is replaced wherever it is held, and everything is as it was afterwards."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from gradcert.audit.own_tests.replacing import Replacing
from gradcert.audit.own_tests.targets import CannotReplace, Target

SOURCES = {
    "kernels_of_a_test/__init__.py": "from kernels_of_a_test.ce import fused",
    "kernels_of_a_test/ce.py": """
        three = 3

        def fused(x):
            return x

        class Kernel:
            @staticmethod
            def static(x):
                return x

            @classmethod
            def of_class(cls, x):
                return x

            def method(self, x):
                return x

            def __call__(self, x):
                return x

        class Derived(Kernel):
            pass

        class Data:
            pass

        kernel = Kernel()
        static = Kernel.static
        of_class = Kernel.of_class
    """,
    "user_of_a_test.py": """
        from functools import partial
        import kernels_of_a_test.ce as ce
        from kernels_of_a_test import fused as mine

        bound = partial(mine, 1)

        def default(x, call=mine):
            return call(x)
    """,
    "failing_in_a_test.py": "raise RuntimeError('first line\\nsecond line')",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name, source in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(source))
    importlib.invalidate_caches()
    finders = list(sys.meta_path)
    yield tmp_path
    assert sys.meta_path == finders
    for name in [name for name in sys.modules if "of_a_test" in name or "in_a_test" in name]:
        del sys.modules[name]


def _wrap(function: Any) -> Any:
    return lambda *arguments: ["replaced", function(*arguments)]


def _replacing(attribute: str) -> Replacing:
    return Replacing(Target("kernels_of_a_test.ce", attribute), _wrap)


def _held(module: str) -> dict[str, Any]:
    return {name: value for name, value in vars(sys.modules[module]).items() if name[:2] != "__"}


def _user() -> ModuleType:
    return importlib.import_module("user_of_a_test")


def test_what_is_imported_afterwards_holds_the_replaced_one_everywhere() -> None:
    replacing = _replacing("fused")
    replacing.begin()
    user = _user()
    assert user.mine(1) == user.ce.fused(1) == user.bound() == user.default(1) == ["replaced", 1]
    replacing.finish()
    assert user.mine(1) == ["replaced", 1]
    replacing.restore()
    assert user.mine(1) == user.ce.fused(1) == sys.modules["kernels_of_a_test"].fused(1) == 1


def test_what_was_imported_before_is_replaced_under_every_name_and_put_back() -> None:
    user = _user()
    before = {name: _held(name) for name in ("user_of_a_test", "kernels_of_a_test.ce")}
    replacing = _replacing("fused")
    replacing.begin()
    replacing.finish()
    assert user.mine(1) == user.ce.fused(1) == ["replaced", 1]
    replacing.restore()
    assert {name: _held(name) for name in before} == before


def test_what_took_the_function_before_is_named() -> None:
    user = _user()
    replacing = _replacing("fused")
    replacing.begin()
    replacing.finish()
    assert user.bound() == user.default(1) == 1
    assert sorted(replacing.held_by()) == [
        "a default argument of user_of_a_test.default",
        "a functools.partial",
    ]
    replacing.restore()
    assert replacing.held_by() == []


@pytest.mark.parametrize(
    ("attribute", "call"),
    [
        ("Kernel", "Kernel()(1)"),
        ("Kernel", "kernel(1)"),
        ("Kernel.method", "Kernel().method(1)"),
        ("Kernel.static", "Kernel.static(1)"),
        ("Kernel.static", "kernel.static(1)"),
        ("Kernel.static", "static(1)"),
        ("Kernel.of_class", "Kernel.of_class(1)"),
        ("Kernel.of_class", "of_class(1)"),
        ("Derived.method", "Derived().method(1)"),
        ("kernel.method", "kernel.method(1)"),
    ],
)
@pytest.mark.parametrize("imported_first", [False, True])
def test_classes_and_methods_are_replaced_and_put_back(
    attribute: str, call: str, imported_first: bool
) -> None:
    replacing = _replacing(attribute)
    if imported_first:
        _user()
    replacing.begin()
    names = vars(_user().ce)
    kept = dict(vars(names["Kernel"]))
    assert eval(call, names) == ["replaced", 1]
    replacing.finish()
    assert eval(call, names) == ["replaced", 1]
    replacing.restore()
    assert eval(call, names) == 1
    assert "method" not in vars(names["Derived"]) | vars(names["kernel"])
    assert vars(names["Kernel"]).keys() == kept.keys()


def test_a_method_of_a_derived_class_is_not_replaced_in_its_base() -> None:
    replacing = _replacing("Derived.method")
    replacing.begin()
    assert _user().ce.Kernel().method(1) == 1
    replacing.restore()


def test_an_autograd_function_is_replaced_through_apply_and_a_module_through_forward(
    folder: Path,
) -> None:
    pytest.importorskip("torch")
    (folder / "torch_of_a_test.py").write_text(
        dedent("""
        import torch

        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return 2 * x

        class Module(torch.nn.Module):
            def forward(self, x):
                return 2 * x

        apply = Double.apply
        module = Module()
        """)
    )
    one = sys.modules["torch"].ones(())
    for attribute, calls in {
        "Double": ("Double.apply(one)", "apply(one)"),
        "Double.apply": ("Double.apply(one)", "apply(one)"),
        "Module": ("Module()(one)", "module(one)"),
        "module": ("module(one)",),
    }.items():
        replacing = Replacing(Target("torch_of_a_test", attribute), _wrap)
        replacing.begin()
        replacing.finish()
        names = vars(sys.modules["torch_of_a_test"]) | {"one": one}
        for call in calls:
            assert eval(call, names) == ["replaced", 2], call
        replacing.restore()
        names = vars(sys.modules["torch_of_a_test"]) | {"one": one}
        for call in calls:
            assert eval(call, names) == 2, call
    assert "apply" not in vars(names["Double"])


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("nowhere_at_all:f", "there is no module 'nowhere_at_all'"),
        ("kernels_of_a_test.nope:f", "there is no module 'kernels_of_a_test.nope'"),
        ("kernels_of_a_test.ce:fusd", "has no attribute 'fusd'; did you mean fused?"),
        ("kernels_of_a_test.ce:Kernel.mthod", "ce:Kernel has no attribute 'mthod'; did you mean"),
        ("kernels_of_a_test.ce:three", "is int, and cannot be called"),
        ("kernels_of_a_test.ce:Data", "a class whose objects cannot be called"),
        ("failing_in_a_test:f", "does not import: RuntimeError: first line second line"),
    ],
)
def test_what_cannot_be_replaced_is_one_line(target: str, named: str) -> None:
    replacing = Replacing(Target.named(target), _wrap)
    replacing.begin()
    with pytest.raises(CannotReplace) as error:
        replacing.finish()
    assert named in str(error.value)
    assert "\n" not in str(error.value)
    replacing.restore()


@pytest.mark.parametrize("text", ["", "f", "kernels/ce.py:f", "a b:f", "m:", ":f", "m:f()", "m:f."])
def test_a_text_that_names_nothing_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CannotReplace, match=r"expected MODULE:NAME as the tests import it"):
        Target.named(text)
