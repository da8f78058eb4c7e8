"""A headline name explains nine tenths of the cases, or of those that tell flaws apart."""

from dataclasses import dataclass, replace
from typing import cast

import pytest

from gradcert.diagnosis.candidates import Candidate
from gradcert.diagnosis.refutations import Refutations
from gradcert.diagnosis.where import Condition
from gradcert_implementations import Flaw, load


@dataclass(frozen=True)
class Found:
    """Refuting cases of one check, of which the first ones tell flaws apart."""

    cases: int
    telling: frozenset[tuple[int, int]]


def _some(cases: range) -> frozenset[tuple[int, int]]:
    return frozenset((0, place) for place in cases)


def _is_headline(explains: range, *, telling: int, cases: int, **fields: object) -> bool:
    candidate = Candidate(
        flaw=cast("Flaw", load("sign-flipped")),
        explains=_some(explains),
        contradicted=0,
        contradicted_elsewhere=0,
        in_other_formats=False,
    )
    found = Found(cases, _some(range(telling)))
    return replace(candidate, **fields).headline(cast("Refutations", found))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("explains", "telling", "headline"),
    [
        (range(18), 20, True),  # Nine tenths of all.
        (range(17), 20, False),
        (range(10), 10, True),  # All that tell, and half of all.
        (range(9), 10, False),  # Nine tenths of those that tell, and less than half of all.
        (range(2, 20), 4, True),  # Nine tenths of all, and half of those that tell.
        (range(3, 20), 4, False),
        (range(20), 0, False),  # No case tells.
    ],
)
def test_a_flaw_is_a_headline_by_what_it_explains_of_all_cases_and_of_those_that_tell(
    explains: range, telling: int, *, headline: bool
) -> None:
    assert _is_headline(explains, telling=telling, cases=20) == headline


def test_a_flaw_that_a_case_contradicts_is_no_headline() -> None:
    assert not _is_headline(range(20), telling=20, cases=20, contradicted=1)


@pytest.mark.parametrize(("explains", "headline"), [(range(18), True), (range(17), False)])
def test_a_flaw_with_a_condition_explains_nine_tenths_of_all_cases(
    explains: range, *, headline: bool
) -> None:
    assert _is_headline(explains, telling=0, cases=20, where=Condition(())) == headline
