"""Everything that gradcert uses of Hypothesis and that Hypothesis does not publish.

Each private name is read when this module is imported. So a Hypothesis that has renamed one fails
here with an AttributeError or an ImportError, and a seed never means other cases without a word.
``pyproject.toml`` bounds the version.

Hypothesis mixes constants of the local modules that happen to be loaded into its draws. A seed
would then mean one thing in one process and another thing in the next. There is no setting against
it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

__all__ = ["without_local_constants"]

_ORIGINAL = providers._get_local_constants, providers.CONSTANTS_CACHE
_NO_CONSTANTS = Constants()
_CACHE: LRUCache[Any, Any] = LRUCache(1024)
"""What is computed without local constants is kept apart from what is computed with them."""


@contextmanager
def without_local_constants() -> Iterator[None]:
    """Let Hypothesis draw as if no local module were loaded."""
    providers._get_local_constants = lambda: _NO_CONSTANTS
    providers.CONSTANTS_CACHE = _CACHE
    try:
        yield
    finally:
        providers._get_local_constants, providers.CONSTANTS_CACHE = _ORIGINAL
