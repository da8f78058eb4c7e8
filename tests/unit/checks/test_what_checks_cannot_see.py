"""A check refutes a gross mistake, or its docstring names it among what it cannot see."""

from collections.abc import Callable

import pytest
from mistaken_subjects import (
    Noisy,
    all_zero,
    scaled,
)
from subjects import (
    BY_ID,
    CHECKS_OF_GRADIENT,
    Gradient,
    checked,
    flipped,
    under_upstream,
)

UNSEEN: dict[str, Callable[[], Gradient]] = {
    "the all-zero gradient": lambda: all_zero,
    "a sign flip": lambda: flipped,
    "a scale": lambda: scaled,
    "noise": Noisy,
}
"""What a check may let pass, in the words in which it then has to say so."""


@pytest.mark.parametrize("mistake", UNSEEN)
@pytest.mark.parametrize("check_id", BY_ID)
def test_a_check_refutes_a_gross_mistake_or_names_it_among_what_it_cannot_see(
    check_id: str, mistake: str
) -> None:
    said = " ".join((BY_ID[check_id].run.__doc__ or "").split())
    subject = UNSEEN[mistake]()
    applies = check_id in CHECKS_OF_GRADIENT
    found = checked(check_id, subject if applies else under_upstream(subject))
    refuted = found.verdict == "refuted"
    assert refuted != (mistake in said)
