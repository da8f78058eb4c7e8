"""The cases that a seed stands for, drawn by Hypothesis once for everyone who needs the same."""

import functools
import itertools
from collections.abc import Callable, Sequence
from zlib import crc32

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

from gradcert.core.case import Case
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken
from gradcert.generation._hypothesis import without_local_constants

__all__ = ["drawn", "search"]


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

    Parameters
    ----------
    test
        Fails on a case by raising ``Refuted`` or ``Broken``. It must remember the last case that
        failed: that is the smallest.
    cases
        The strategy that draws them.
    count, seed
        How many, and what they are drawn from.
    after
        How many cases to skip, because none of them fails.
    phases
        What Hypothesis does.
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
        with CLOCK.charging("Hypothesis"), without_local_constants():
            hypothesis.seed(crc32(seed.encode()))(configured(given(cases)(tried)))()
    except (Refuted, Broken):
        pass
    except hypothesis.errors.Flaky:
        pass  # It failed, and then passed on the same case. What was seen stands.


@functools.lru_cache(maxsize=128)
def drawn(cases: SearchStrategy[Case], *, count: int, seed: str) -> tuple[Case, ...]:
    """Return the cases that a search tries as long as none fails, fewer if there are fewer.

    Drawing a case takes longer than examining it, so the cases are kept for the next caller. The
    first caller is charged for them.
    """
    found: list[Case] = []
    search(found.append, cases, count=count, seed=seed, phases=(Phase.generate,))
    return tuple(found)
