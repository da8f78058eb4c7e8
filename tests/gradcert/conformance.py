"""The conformance suite inside somebody's own test file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from gradcert import MAX_EXAMPLES
from gradcert.cases import Claim
from gradcert.checks import CHECKS, Check, planned
from gradcert.session import examined, failure_of
from gradcert_implementations import Implementation, as_implementation, load

__all__ = ["conformance_tests"]


def conformance_tests(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    max_examples: int = MAX_EXAMPLES,
    expected_failures: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """Return a parametrised pytest test that certifies an implementation, one test a check.

    Assign it to a name that pytest collects::

        test_my_kernel = gradcert.conformance_tests(my_kernel)

    or in a class ``test_my_kernel = staticmethod(gradcert.conformance_tests(my_kernel))``.

    Parameters
    ----------
    implementation, quantities, formats, targets, max_examples
        As for :func:`gradcert.certify`.
    expected_failures
        From what is known to fail to the reason why. What fails is named by a check's id, or more
        narrowly as its tests are, ``accuracy-dE/dz-bfloat16``. It is one test, which is an expected
        failure (xfail) as long as one of the tests it names fails, and fails once all pass, so that
        no entry outlives its reason.

    Raises
    ------
    ValueError
        If an entry of `expected_failures` names no test that no narrower one names.

    Examples
    --------
    >>> from gradcert import conformance_tests
    >>> test_flawed = conformance_tests(
    ...     "reused-buffer", expected_failures={"same-answer-twice": "the buffer is documented"}
    ... )
    """
    options: dict[str, Any] = {"quantities": quantities, "formats": formats, "targets": targets}
    if isinstance(implementation, str):
        subject = load(implementation, **options)
    else:
        subject = as_implementation(implementation, **options)
    tests: dict[str, list[tuple[Check, Claim]]] = {}
    for check, claim in planned(subject):
        tests[f"{check.id}-{claim.quantity}-{claim.format.name}"] = [(check, claim)]
    reasons = dict(expected_failures or {})
    expected: dict[str, list[tuple[Check, Claim]]] = {}
    for name in sorted(reasons, key=len, reverse=True):  # The narrower first.
        named = [test for test in tests if f"{test}-".startswith(f"{name}-")]
        if not named:
            raise ValueError(
                f"expected_failures names {name!r}; {subject.name} has no such test, and the "
                f"checks are {', '.join(check.id for check in CHECKS)}"
            )
        expected[name] = [run for test in named for run in tests.pop(test)]
    tests |= expected

    @pytest.mark.parametrize("name", list(tests))
    def test(name: str, request: pytest.FixtureRequest) -> None:
        unsupported = ""
        for check, claim in tests[name]:
            result = examined(request, check, claim, max_examples=max_examples)
            if result.verdict == "not supported":
                unsupported = result.reason
            elif result.verdict != "conforms" and name in reasons:
                pytest.xfail(reasons[name])
            elif result.verdict != "conforms":
                failure = failure_of(request, claim, result, max_examples=max_examples)
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
