"""The Python beside a discrepancy shows it again when it is run."""

from collections.abc import Callable
from typing import Any

import pytest
from subjects import Accumulating, Gradient, Jittering, Late, ReusingOneBuffer, checked


@pytest.mark.parametrize("make", [ReusingOneBuffer, Jittering, Late, Accumulating])
def test_the_snippet_of_an_answer_that_does_not_stay_or_come_again_shows_another(
    make: Callable[[], Gradient],
) -> None:
    found = checked("same-answer-twice", make()).discrepancy
    assert found is not None
    code = found.snippet.replace("f = ...", "f = subject")
    printed: list[Any] = []
    names: dict[str, Any] = {"subject": make(), "print": lambda x: printed.append(x.tolist())}
    exec(code, names)
    assert printed[-1] != printed[0]
