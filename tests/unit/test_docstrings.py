"""What the public docstrings say."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradcert


def _public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the public functions of gradcert, and the public methods of its classes."""
    for name in gradcert.__all__:
        value = getattr(gradcert, name)
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            for method, function in vars(value).items():
                if inspect.isfunction(function) and not method.startswith("_"):
                    yield f"{name}.{method}", function


PUBLIC = dict(_public())


def test_the_scan_sees_functions_and_methods() -> None:
    assert {"certify", "write", "Loss.weights", "Implementation.with_loss"} <= PUBLIC.keys()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_docstring_says_what_is_returned(name: str) -> None:
    function = PUBLIC[name]
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert "\n\nReturns\n-------\n" in inspect.cleandoc(function.__doc__ or "")
