"""The Python beside a discrepancy shows it again when it is run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from subjects import (
    Accumulating,
    Gradient,
    Jittering,
    Late,
    ReusingOneBuffer,
    checked,
    flipped,
    right,
    under_upstream,
)

from gradcert_implementations import Array, Domain, Implementation


def _printed(snippet: str, subject: Callable[..., Any]) -> list[Any]:
    """Return what a snippet prints, about this subject."""
    printed: list[Any] = []
    names: dict[str, Any] = {"subject": subject, "print": lambda x: printed.append(x.tolist())}
    exec(snippet.replace("f = ...", "f = subject"), names)
    return printed


@pytest.mark.parametrize("make", [ReusingOneBuffer, Jittering, Late, Accumulating])
def test_the_snippet_of_an_answer_that_does_not_stay_or_come_again_shows_another(
    make: Callable[[], Gradient],
) -> None:
    found = checked("same-answer-twice", make()).discrepancy
    assert found is not None
    printed = _printed(found.snippet, make())
    assert printed[-1] != printed[0]


def test_no_call_of_a_snippet_gets_logits_that_another_call_has_overwritten() -> None:
    jittering = Jittering()

    def overwriting(z: Array, t: Array, gradient: Gradient = jittering) -> Any:
        answer = gradient(z, t)
        z[...] = np.nan
        return answer

    domain = Domain(overwrites_logits=True)
    subject = Implementation(name="mine", functions={"dE/dz": overwriting}, domain=domain)
    found = checked("same-answer-twice", subject).discrepancy
    assert found is not None
    first, *_, last = _printed(found.snippet, lambda z, t: overwriting(z, t, right))
    assert first == last


def test_the_snippet_of_a_wrong_second_backward_calls_that() -> None:
    found = checked("second-backward", under_upstream(right, second=flipped)).discrepancy
    assert found is not None
    assert "f = ...  # the second backward of right" in found.snippet
