"""The conformance suite inside somebody's own test file."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import pytest
from msgspec import ValidationError, convert

from gradcert import MAX_EXAMPLES
from gradcert.api import subject_of
from gradcert.checks import CHECKS, Planned, planned
from gradcert.core.limits import Limits
from gradcert.core.settings import Effort, SearchSettings
from gradcert.suite.session import failure_of, result_of_test, seed_of
from gradcert_implementations import (
    FORMAT_ALIASES,
    Implementation,
    Options,
    OptionValues,
    SpecError,
)
from gradcert_reports import Verdict

__all__ = ["conformance_tests"]


def _by_ieee_name(name: str) -> str:
    """Return the name of tests with the format that may end it by its IEEE name."""
    head, dash, last = name.rpartition("-")
    return head + dash + FORMAT_ALIASES.get(last, last)


def _tests_of(subjects: Sequence[Implementation]) -> dict[str, list[Planned]]:
    """Return the tests by name: with the name of the subject before it if there are several."""
    names = [subject.name for subject in subjects]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"two subjects are called {name}; give one of them another name: "
                "gradcert.Implementation(name=..., ...)"
            )
    several = len(subjects) > 1
    return {
        f"{subject.name}-{one.task}" if several else str(one.task): [one]
        for subject in subjects
        for one in planned(subject)
    }


def _names_of(test: str, planned: Planned) -> set[str]:
    """Return the names that an expected failure may have for a test, the broad ones too."""
    task = planned.task
    before = test.removesuffix(str(task))
    broad = task.check, f"{task.check}-{task.quantity}", str(task)
    names = {before + name for name in broad}
    return names | {before.removesuffix("-")} if before else names


def conformance_tests(
    *implementations: Implementation | Callable[..., Any] | str,
    max_examples: int = MAX_EXAMPLES,
    seed: int | None = None,
    effort: str = Effort.STANDARD,
    limits: Limits | None = None,
    marks: pytest.MarkDecorator | Collection[pytest.MarkDecorator] = (),
    expected_failures: Mapping[str, str] | None = None,
    **options: Unpack[OptionValues],
) -> Callable[..., None]:
    """Return a parametrised pytest test that certifies implementations, one test for each check.

    Assign it to a name that pytest collects::

        test_my_kernel = gradcert.conformance_tests(my_kernel)

    or in a class ``test_my_kernel = staticmethod(gradcert.conformance_tests(my_kernel))``. Several
    implementations are parameters of one test, with their names before those of the checks.

    Parameters
    ----------
    *implementations
        What is certified: one or more, each as for :func:`gradcert.certify`.
    max_examples, effort, limits, **options
        As for :func:`gradcert.certify`: the quantities, the loss, the domain, the device, ...
    seed
        As for :func:`gradcert.certify`. By default it is the number that ``--hypothesis-seed``
        says, or 0.
    marks
        A mark of pytest for every test, or several: ``pytest.mark.slow``.
    expected_failures
        Maps each known failure to its reason. A failure is named by a check's id, or more
        narrowly by a test's name, ``accuracy-dE/dz-bfloat16``; where there are several
        implementations, the name of one stands before it. Each entry is one test. It is an
        expected failure (xfail) as long as one of the tests that it names fails. It fails once all
        of them pass, so that no entry outlives its reason.

    Returns
    -------
    The test function, parametrised.

    Raises
    ------
    SpecError
        If there is nothing to certify.
    ValueError
        If an entry names no test, or only tests that narrower entries name; if two implementations
        have the same name; or if `marks`, `expected_failures`, `effort`, `seed` or `max_examples`
        has a wrong type or value.

    Examples
    --------
    >>> from gradcert import conformance_tests
    >>> test_flawed = conformance_tests(
    ...     "reused-buffer", expected_failures={"same-answer-twice": "the buffer is documented"}
    ... )
    """
    chosen = Options.of(options, conformance_tests.__kwdefaults__ or ())
    settings = SearchSettings(
        max_examples=max_examples, seed=0 if seed is None else seed, effort=Effort.named(effort)
    )
    if not implementations:
        raise SpecError("nothing to certify: name an implementation")
    subjects = [subject_of(one, chosen, limits=limits) for one in implementations]
    tests = _tests_of(subjects)
    try:
        failures = convert({} if expected_failures is None else expected_failures, dict[str, str])
    except ValidationError:
        raise ValueError(
            f"expected_failures is {expected_failures!r}; expected a dict from the name of a check "
            'or a test to a reason, such as {"accuracy": "issue 12"}'
        ) from None
    try:
        every = convert(
            [marks] if isinstance(marks, pytest.MarkDecorator) else marks,
            list[pytest.MarkDecorator],
        )
    except ValidationError:
        raise ValueError(
            f"marks is {marks!r}; expected a mark of pytest, such as pytest.mark.slow, or a list "
            "of marks"
        ) from None
    given = {_by_ieee_name(name): name for name in failures}
    reasons = {name: failures[typed] for name, typed in given.items()}
    expected: dict[str, list[Planned]] = {}
    for name in sorted(reasons, key=len, reverse=True):  # The narrower first.
        named = [test for test, (one, *_) in tests.items() if name in _names_of(test, one)]
        if not named:
            of = " and ".join(subject.name for subject in subjects)
            raise ValueError(
                f"expected_failures names {given[name]!r}; no test of {of} is called so, and "
                f"the checks are {', '.join(check.id for check in CHECKS)}"
            )
        expected[name] = [run for test in named for run in tests.pop(test)]
    tests |= expected

    @pytest.mark.parametrize("name", [pytest.param(name, marks=every) for name in tests])
    def test(name: str, request: pytest.FixtureRequest) -> None:
        chosen_seed = seed_of(request.config) if seed is None else seed
        wanted = replace(settings, seed=chosen_seed)
        results = [(one, result_of_test(request, one, wanted)) for one in tests[name]]
        passing = Verdict.CONFORMS, Verdict.NOT_SUPPORTED
        wrong = [(one, result) for one, result in results if result.verdict not in passing]
        if wrong and name in reasons and not request.config.option.runxfail:
            pytest.xfail(reasons[name])
        for one, result in wrong:
            pytest.fail(failure_of(request, one, result, wanted), pytrace=False)
        for _, result in results:
            if result.verdict == Verdict.NOT_SUPPORTED:
                pytest.skip(f"not supported: {result.reason}")
        if name in reasons:
            pytest.fail(
                f"{name} passes, so it is no expected failure any more ({reasons[name]}): "
                "remove it from expected_failures",
                pytrace=False,
            )

    return test
