"""The cases that a seed stands for, drawn by Hypothesis: once for all that ask for the same."""

import functools
import itertools
from collections.abc import Callable, Sequence
from unittest.mock import patch
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.strategies import SearchStrategy

from gradcert.cases import Broken, Case
from gradcert.checks.evidence import Refuted
from gradcert.clock import CLOCK

__all__ = ["drawn", "search"]

# Hypothesis mixes constants of whichever modules of the user's are loaded into its draws, so that a
# seed would mean one thing in one process and another in the next. There is no setting against it;
# a search sees no such constants, and keeps what it computes from the others to itself.
_NO_CONSTANTS = Constants()
_NO_LOCAL_CONSTANTS = {
    "_get_local_constants": lambda: _NO_CONSTANTS,
    "CONSTANTS_CACHE": LRUCache(1024),
}


def search(
    test: Callable[[Case], None],
    cases: SearchStrategy[Case],
    *,
    count: int,
    seed: str,
    after: int = 0,
    phases: Sequence[Phase] = (Phase.generate, Phase.shrink),
) -> None:
    """Try at most `count` cases, the same ones for the same seed, and shrink the first that fails.

    A case fails if `test` raises ``Refuted`` or ``Broken``; `test` is to keep the last that did,
    which is the smallest. The first `after` cases are passed over, where one is known to fail.
    """
    number = itertools.count()

    def tried(case: Case) -> None:
        if next(number) >= after:
            test(case)

    configured = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        with CLOCK.charging("Hypothesis"), patch.dict(vars(providers), _NO_LOCAL_CONSTANTS):
            hypothesis.seed(crc32(seed.encode()))(configured(given(cases)(tried)))()
    except (Refuted, Broken):
        pass
    except hypothesis.errors.Flaky:
        pass  # It failed, and then not again on the same case: what was seen stands.


@functools.lru_cache(maxsize=32)
def drawn(cases: SearchStrategy[Case], *, count: int, seed: str) -> tuple[Case, ...]:
    """Return the cases that a search tries as long as none fails, fewer if there are fewer.

    To draw one takes longer than to examine it, so they are kept for the next that asks; the first
    is charged for them.
    """
    found: list[Case] = []
    search(found.append, cases, count=count, seed=seed, phases=(Phase.generate,))
    return tuple(found)
