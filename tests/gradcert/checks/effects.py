"""What a call leaves behind besides its answer: output, and settings that other code relies on."""

import contextlib
import ctypes
import io
import os
import pickle
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, JudgedRow, Refuted
from gradcert.core.float_environment import flushes_to_zero, keep_subnormals
from gradcert.core.random_states import legacy_state, restored
from gradcert_implementations import Array, QuantityName

__all__ = ["Effects", "no_side_effects", "watched"]

_SHOWN = 60
"""Characters of the output that are quoted."""


@dataclass(frozen=True)
class _Setting:
    """A setting of the process: how it is read, set, and shown."""

    get: Callable[[], Any]
    set: Callable[[Any], object]
    expression: str
    default: Any = None
    """Its value right after a framework is loaded, where that is known."""


def _same(one: Any, other: Any) -> bool:
    """Return whether two values of a setting are equal; some are tuples that hold arrays."""
    return pickle.dumps(one) == pickle.dumps(other)


def _settings() -> dict[str, _Setting]:
    """Return the settings to watch. Those of a framework count only where it is loaded."""
    loaded: Mapping[str, Any] = sys.modules
    torch, jax = loaded.get("torch"), loaded.get("jax")
    found = {
        "numpy's error mode": _Setting(np.geterr, lambda mode: np.seterr(**mode), "np.geterr()"),
        "numpy's random state": _Setting(
            legacy_state,
            np.random.set_state,
            "np.random.get_state()[2]",
        ),
        "Python's random state": _Setting(
            random.getstate, random.setstate, '__import__("random").getstate()[1][-1]'
        ),
        "flush-to-zero": _Setting(
            flushes_to_zero,
            lambda _: keep_subnormals(),
            "np.array([2.0**-1022]) / 2",
        ),
    }
    if torch:
        found["torch's default dtype"] = _Setting(
            torch.get_default_dtype,
            torch.set_default_dtype,
            '__import__("torch").get_default_dtype()',
            torch.float32,
        )
        found["torch's random state"] = _Setting(
            lambda: torch.get_rng_state().numpy().tobytes(),
            lambda state: torch.set_rng_state(
                torch.frombuffer(bytearray(state), dtype=torch.uint8)
            ),
            '__import__("torch").get_rng_state().sum()',
        )
    if jax:
        found["jax's 64-bit mode"] = _Setting(
            lambda: jax.config.jax_enable_x64,
            lambda on: jax.config.update("jax_enable_x64", on),
            '__import__("jax").config.jax_enable_x64',
        )
    return found


def _flush_libraries() -> None:
    """Flush what C libraries have buffered. Only POSIX names the C library of the whole process."""
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)


@contextlib.contextmanager
def _output() -> Iterator[list[str]]:
    """Collect what is written to standard output, by Python and by the libraries below it."""
    collected: list[str] = []
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with tempfile.TemporaryFile() as file, contextlib.redirect_stdout(io.StringIO()) as printed:
            os.dup2(file.fileno(), 1)
            try:
                yield collected
            finally:
                _flush_libraries()
                os.dup2(kept, 1)
            file.seek(0)
            collected.append(printed.getvalue() + file.read().decode(errors="replace"))
    finally:
        os.close(kept)


@contextlib.contextmanager
def _advanced() -> Iterator[None]:
    """Draw from the random states first, so that setting their seed again changes them."""
    with restored():
        random.random()
        np.random.random_sample()  # noqa: NPY002
        yield


@dataclass
class Effects:
    """What the calls of a function have left behind.

    Attributes
    ----------
    written
        What they wrote to standard output.
    changed
        The settings that they changed, each with the Python that shows it.
    """

    written: str = ""
    changed: dict[str, str] = field(default_factory=dict)

    def require_none(self, case: Case) -> None:
        """Refute the claim if there are any, after a call with this case."""
        if self.written:
            quoted = self.written[:_SHOWN] + ("..." if len(self.written) > _SHOWN else "")
            raise Refuted(Evidence(case, f"the call wrote {quoted!r} to standard output"))
        for name, expression in self.changed.items():
            shown_by = (expression, "f(*args)", expression)
            raise Refuted(Evidence(case, f"the call changed {name}", shown_by=shown_by))


def watched(claim: Claim, effects: Effects) -> Claim:
    """Return the claim with a function whose calls note what they leave behind, and set it back."""
    function = claim.function

    def watching(*arguments: Array) -> Array:
        settings = _settings()
        # numpy's defaults, on which other code relies.
        warned = np.errstate(divide="warn", over="warn", invalid="warn")
        with _advanced(), warned:
            before = {name: setting.get() for name, setting in settings.items()}
            with _output() as output:
                answer = function(*arguments)
            effects.written += output[0]
            for name, setting in _settings().items():
                # A framework that the call itself loaded had its default before.
                original = before.get(name, setting.default)
                if original is not None and not _same(setting.get(), original):
                    effects.changed[name] = setting.expression
                    setting.set(original)
        return answer

    functions = dict(claim.implementation.functions)
    functions[cast("QuantityName", claim.quantity.name)] = watching
    return replace(claim, implementation=replace(claim.implementation, functions=functions))


def no_side_effects(claim: Claim, case: Case) -> list[JudgedRow]:
    """A call writes nothing to standard output and leaves the settings of the process alone.

    Predicate: standard output stays empty, and numpy's error mode, numpy's and Python's random
    states, flush-to-zero, and where they are loaded torch's default dtype, torch's random state and
    jax's 64-bit mode are the same after the call as before it. What was changed is set back.
    It sees no values, so it cannot see the all-zero gradient, a sign flip, a scale or noise.
    """
    effects = Effects()
    watched(claim, effects).answer(case)
    effects.require_none(case)
    return []
