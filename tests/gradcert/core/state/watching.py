"""A call, and what it leaves behind besides its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from gradcert.core.state.captured_output import captured_output
from gradcert.core.state.process_state import watched_state
from gradcert.core.state.random_states import restored
from gradcert_implementations import Array, Function

__all__ = ["DEFAULT_ERRORS", "Watchable", "Watched", "watch"]

DEFAULT_ERRORS: Mapping[str, Any] = {"divide": "warn", "over": "warn", "invalid": "warn"}
"""numpy's error mode in a new process, on which other code relies."""


@dataclass(frozen=True)
class Watched:
    """What a function returned, and what the call left behind.

    Attributes
    ----------
    returned
        What it returned.
    written
        What it wrote to standard output.
    changed
        The settings of its process that it changed, each with the Python that shows it. They are
        put back.
    """

    returned: Any
    written: str
    changed: Mapping[str, str]


@runtime_checkable
class Watchable(Protocol):
    """A function that is called in another process, which watches the call."""

    def watched(self, *arguments: Array) -> Watched:
        """Call it."""


def watch(function: Function, arguments: Sequence[Array]) -> Watched:
    r"""Call a function, and return what it left behind, too.

    Examples
    --------
    >>> seen = watch(lambda z: print("debug") or np.exp(z), [np.zeros((1, 2))])
    >>> seen.returned, seen.written, seen.changed
    (array([[1., 1.]]), 'debug\n', {})
    """
    if isinstance(function, Watchable):
        return function.watched(*arguments)
    with restored(), np.errstate(**DEFAULT_ERRORS), captured_output() as written:
        with watched_state() as changes:
            returned = function(*arguments)
        return Watched(returned, written(), changes)
