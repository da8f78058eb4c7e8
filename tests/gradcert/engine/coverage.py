"""What a run covers of the plan of cases: which items its checks tried, and which are left."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from gradcert import checks
from gradcert.core.settings import Effort, SearchSettings
from gradcert.core.task import Task
from gradcert.generation.plan import Dimension, PlannedCase
from gradcert_implementations import Implementation
from gradcert_reports import CheckResult, Coverage, Verdict

__all__ = ["coverage_of", "extended", "joined", "planned_cases", "tried_by", "untried"]

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)")


def planned_cases(
    implementation: Implementation, settings: SearchSettings
) -> Mapping[Task, tuple[PlannedCase, ...]]:
    """Return the planned cases of every check of an implementation, in the order of the checks."""
    return {
        one.task: checks.planned_cases(one.check, one.claim, settings)
        for one in checks.planned(implementation)
    }


@functools.cache
def _natural(label: str) -> tuple[tuple[float, str], ...]:
    """Return a key that sorts labels, and the numbers in them from small to large.

    The cases have no order of items.
    """
    return tuple(
        (float(part), "") if _NUMBER.fullmatch(part) else (float("inf"), part)
        for part in filter(None, _NUMBER.split(label))
    )


def _recorded(tried: Mapping[str, set[str]], every: Mapping[str, set[str]]) -> tuple[Coverage, ...]:
    """Return the records of all dimensions that have items, in their order."""
    records = []
    for dimension in Dimension:
        seen = tried.get(dimension, set())
        if items := sorted(every.get(dimension, set()) | seen, key=_natural):
            records.append(
                Coverage(
                    dimension=dimension.value,
                    tried=tuple(label for label in items if label in seen),
                    left=tuple(label for label in items if label not in seen),
                )
            )
    return tuple(records)


def _labels(cases: Iterable[PlannedCase]) -> dict[str, set[str]]:
    """Return what cases try, by dimension."""
    found: dict[str, set[str]] = {}
    for item in chain.from_iterable(case.items for case in cases):
        found.setdefault(item.dimension, set()).add(item.label)
    return found


def untried(implementation: Implementation, settings: SearchSettings) -> tuple[Coverage, ...]:
    """Return the coverage before the first check: every item of the plan is left.

    What a standard run would try is in the plan of a quick run too.
    """
    efforts = {settings.effort}
    if settings.effort is Effort.QUICK:
        efforts.add(Effort.STANDARD)
    plans = (planned_cases(implementation, replace(settings, effort=one)) for one in efforts)
    cases = chain.from_iterable(chain.from_iterable(plan.values()) for plan in plans)
    return _recorded({}, _labels(cases))


def tried_by(
    result: CheckResult, cases: Mapping[Task, tuple[PlannedCase, ...]]
) -> tuple[PlannedCase, ...]:
    """Return the planned cases that a check tried: all of them if it passed, else none.

    A check that fails ends at a case that failed, so that it may have tried none of the others.
    """
    return cases[Task.of(result)] if result.verdict == Verdict.CONFORMS else ()


def extended(coverage: Sequence[Coverage], cases: Iterable[PlannedCase]) -> tuple[Coverage, ...]:
    """Return the coverage with what these cases try."""
    return joined((coverage, _recorded(_labels(cases), {})))


def joined(parts: Iterable[Sequence[Coverage]]) -> tuple[Coverage, ...]:
    """Return what the parts of a run cover together: an item is left if no part tried it."""
    tried: dict[str, set[str]] = {}
    left: dict[str, set[str]] = {}
    for one in chain.from_iterable(parts):
        tried.setdefault(one.dimension, set()).update(one.tried)
        left.setdefault(one.dimension, set()).update(one.left)
    return _recorded(tried, left)


def coverage_of(
    implementation: Implementation, settings: SearchSettings, results: Iterable[CheckResult]
) -> tuple[Coverage, ...]:
    """Return what these results cover of the plan, dimension by dimension.

    Parameters
    ----------
    implementation, settings
        What was examined, and how.
    results
        What its checks found. A check that did not pass tried nothing of the plan.

    Returns
    -------
    For each dimension of the plan, the items that some check tried, and those that none did. The
    numbers among them go from small to large.
    """
    cases = planned_cases(implementation, settings)
    tried = chain.from_iterable(tried_by(result, cases) for result in results)
    return extended(untried(implementation, settings), tried)
