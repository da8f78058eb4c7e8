"""The settings of PyTorch and JAX that a call may leave changed. They count where it is loaded."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from gradcert.core.state.setting import Setting, module

__all__ = ["framework_settings"]


def _of_torch(torch: Any) -> Iterator[Setting]:
    imported = module("torch")
    yield Setting(
        "torch's default dtype",
        torch.get_default_dtype,
        torch.set_default_dtype,
        f"{imported}.get_default_dtype()",
        default=torch.float32,
    )
    get, put = torch.get_rng_state, torch.set_rng_state

    def set_random_state(state: bytes) -> None:
        put(torch.frombuffer(bytearray(state), dtype=torch.uint8))

    yield Setting(
        "torch's random state",
        lambda: get().numpy().tobytes(),
        set_random_state,
        f"{imported}.get_rng_state().sum()",
    )
    yield Setting(
        "torch's number of threads",
        torch.get_num_threads,
        torch.set_num_threads,
        f"{imported}.get_num_threads()",
    )
    yield Setting(
        "torch's grad mode",
        torch.is_grad_enabled,
        torch.set_grad_enabled,
        f"{imported}.is_grad_enabled()",
        default=True,
    )
    enabled = torch.are_deterministic_algorithms_enabled
    warns = torch.is_deterministic_algorithms_warn_only_enabled
    cudnn = torch.backends.cudnn

    def set_deterministic(mode: tuple[bool, bool, bool, bool]) -> None:
        on, warn_only, cudnn.deterministic, cudnn.benchmark = mode
        torch.use_deterministic_algorithms(on, warn_only=warn_only)

    yield Setting(
        "torch's deterministic mode",
        lambda: (enabled(), warns(), cudnn.deterministic, cudnn.benchmark),
        set_deterministic,
        f"{imported}.are_deterministic_algorithms_enabled(), {imported}.backends.cudnn.benchmark",
        default=(False, False, False, False),
    )
    yield Setting(
        "torch's precision of matrix products",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
        f"{imported}.get_float32_matmul_precision()",
    )


def _of_jax(jax: Any) -> Iterator[Setting]:
    yield Setting(
        "jax's 64-bit mode",
        lambda: jax.config.jax_enable_x64,
        lambda on: jax.config.update("jax_enable_x64", on),
        f"{module('jax')}.config.jax_enable_x64",
        default=False,
    )


_BY_FRAMEWORK: dict[str, Callable[[Any], Iterator[Setting]]] = {"torch": _of_torch, "jax": _of_jax}


@cache
def _settings(name: str, framework: Any) -> tuple[Setting, ...]:
    """Return the settings of a framework; none, if something else has taken its name."""
    try:
        return tuple(_BY_FRAMEWORK[name](framework))
    except AttributeError:
        return ()


def framework_settings() -> tuple[Setting, ...]:
    """Return the settings of the frameworks that are loaded."""
    found: tuple[Setting, ...] = ()
    for name in _BY_FRAMEWORK:
        framework = sys.modules.get(name)
        if isinstance(framework, ModuleType):
            found += _settings(name, framework)
    return found
