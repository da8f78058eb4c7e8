"""What a subject is called stays a name: in the code of a snippet, on a terminal and on a page."""

import numpy as np
import pytest

from gradcert import certify
from gradcert_implementations import Array, Implementation
from gradcert_reports import Report, details, markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "`tick` ``ticks``",
    "two\nlines",
    "x\n```\n<script>alert(1)</script>",
    "back\\|slash",
    "*b* _i_ # h",
    'quote" and \' and """',
]


def _flipped(logits: Array, targets: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return targets - powers / powers.sum(axis=1, keepdims=True)


USED = {"gradcert", "numpy", "np", "array", "f", "logits", "targets", "args", "print"}
"""All that the snippet of a subject without origin names."""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_does_not_become_code_in_the_snippet(text: str) -> None:
    subject = Implementation(name=text, functions={"dE/dz": _flipped})
    shown = certify(subject, formats=["binary64"], max_examples=5).refutations[0].discrepancy
    assert shown is not None
    code = compile(shown.snippet, "snippet", "exec")
    assert set(code.co_names) <= USED


CONTROL = "a\x1b[31mred\x1b[0m\nnext\r\u202ebidi\x00"


def test_a_name_is_one_printable_line_before_it_reaches_a_terminal_or_a_page() -> None:
    subject = Implementation(name=CONTROL, functions={"dE/dz": _flipped})
    assert subject.name == "a [31mred [0m next bidi"
    found = certify(subject, formats=["binary64"], max_examples=2)
    assert found.name == subject.name
    report = Report(certificates=(found,))
    for shown in (details(found), markdown(report)):
        assert subject.name.split()[0] in shown
        assert all(c.isprintable() or c == "\n" for c in shown.replace("\u200b", ""))
