"""What the public docstrings say."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradcert
import gradcert_implementations
import gradcert_oracle
import gradcert_reports

PACKAGES = (gradcert, gradcert_oracle, gradcert_implementations, gradcert_reports)


def _public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the public functions of all packages, and the public methods of their classes."""
    for package in PACKAGES:
        for name in package.__all__:
            value = getattr(package, name)
            if inspect.isfunction(value):
                yield name, value
            elif inspect.isclass(value):
                for method, kept in vars(value).items():
                    function = getattr(kept, "__func__", kept)
                    named = inspect.isfunction(function) and function.__name__ != "<lambda>"
                    if named and not method.startswith("_"):
                        yield f"{name}.{method}", function


PUBLIC = dict(_public())


def test_the_scan_sees_functions_and_methods() -> None:
    assert {"certify", "Loss.weights", "Options.of", "Format.ulp"} <= PUBLIC.keys()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_docstring_says_what_is_returned(name: str) -> None:
    function = PUBLIC[name]
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert "\n\nReturns\n-------\n" in inspect.cleandoc(function.__doc__ or "")
