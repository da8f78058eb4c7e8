"""The conformance suite inside somebody's own test file."""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

import pytest

from gradcert import MAX_EXAMPLES
from gradcert.api import subject_of
from gradcert.checks import CHECKS, Planned, planned
from gradcert.core.settings import Effort, SearchSettings
from gradcert.suite.session import failure_of, result_of_test, seed_of
from gradcert_implementations import FORMAT_ALIASES, Implementation, Options, OptionValues
from gradcert_reports import Verdict

__all__ = ["conformance_tests"]


def _by_ieee_name(name: str) -> str:
    """Return the name of tests with the format that may end it by its IEEE name."""
    head, dash, last = name.rpartition("-")
    return head + dash + FORMAT_ALIASES.get(last, last)


def conformance_tests(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    max_examples: int = MAX_EXAMPLES,
    effort: str = Effort.STANDARD,
    expected_failures: Mapping[str, str] | None = None,
    **options: Unpack[OptionValues],
) -> Callable[..., None]:
    """Return a parametrised pytest test that certifies an implementation, one test for each check.

    Assign it to a name that pytest collects::

        test_my_kernel = gradcert.conformance_tests(my_kernel)

    or in a class ``test_my_kernel = staticmethod(gradcert.conformance_tests(my_kernel))``.

    Parameters
    ----------
    implementation, max_examples, effort, **options
        As for :func:`gradcert.certify`.
    expected_failures
        Maps each known failure to its reason. A failure is named by a check's id, or more
        narrowly by a test's name, ``accuracy-dE/dz-bfloat16``. Each entry is one test. It is an
        expected failure (xfail) as long as one of the tests that it names fails. It fails once all
        of them pass, so that no entry outlives its reason.

    Returns
    -------
    The test function, parametrised.

    Raises
    ------
    ValueError
        If an entry names no test, or only tests that narrower entries name, or if `effort` is
        unknown.

    Examples
    --------
    >>> from gradcert import conformance_tests
    >>> test_flawed = conformance_tests(
    ...     "reused-buffer", expected_failures={"same-answer-twice": "the buffer is documented"}
    ... )
    """
    chosen = Effort.named(effort)
    subject = subject_of(implementation, Options(**options))
    tests = {str(one.task): [one] for one in planned(subject)}
    given = {_by_ieee_name(name): name for name in expected_failures or {}}
    reasons = {name: (expected_failures or {})[typed] for name, typed in given.items()}
    expected: dict[str, list[Planned]] = {}
    for name in sorted(reasons, key=len, reverse=True):  # The narrower first.
        named = [test for test in tests if f"{test}-".startswith(f"{name}-")]
        if not named:
            raise ValueError(
                f"expected_failures names {given[name]!r}; {subject.name} has no such test, and "
                f"the checks are {', '.join(check.id for check in CHECKS)}"
            )
        expected[name] = [run for test in named for run in tests.pop(test)]
    tests |= expected

    @pytest.mark.parametrize("name", list(tests))
    def test(name: str, request: pytest.FixtureRequest) -> None:
        seed = seed_of(request.config)
        settings = SearchSettings(max_examples=max_examples, seed=seed, effort=chosen)
        unsupported = ""
        for one in tests[name]:
            result = result_of_test(request, one, settings)
            if result.verdict == Verdict.NOT_SUPPORTED:
                unsupported = result.reason
            elif result.verdict != Verdict.CONFORMS and name in reasons:
                pytest.xfail(reasons[name])
            elif result.verdict != Verdict.CONFORMS:
                failure = failure_of(request, one, result, settings)
                pytest.fail(failure, pytrace=False)
        if unsupported:
            pytest.skip(f"not supported: {unsupported}")
        if name in reasons:
            pytest.fail(
                f"{name} passes, so it is no expected failure any more ({reasons[name]}): "
                "remove it from expected_failures",
                pytrace=False,
            )

    return test
