"""Answers that a subject forges, and arguments that it reshapes, on their way to the judge."""

from pathlib import Path

import numpy as np
import pytest
from subjects import RIGHT_SOURCE

import gradcert
from gradcert import Limits
from gradcert.core.failures import Died
from gradcert.isolation.subject import load_isolated
from gradcert_implementations import Options

LIMITS = Limits(seconds=1, gigabytes=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


FORGED = """
import os, sys
def gradient(logits, targets):
    line = {line}
    while True:
        os.write(int(sys.argv[2]), line)
        if line.endswith(b"\\n"):
            return logits
"""


@pytest.mark.parametrize(
    "line",
    [
        "b'{\"number\":1,\"x\":' + b'[' * 200_000 + b'\\n'",
        'b\'{"number":1,"raised":"\\xff"}\\n\'',
        'b\'{"number":1,"blocks":[{"number":-1,"size":%d}]}\\n\' % (1 << 40)',
        "b'no end'",
    ],
    ids=["deeply nested", "no text", "of more data than there is memory", "of no end"],
)
def test_an_answer_that_is_garbage_is_no_error_of_the_judge_and_takes_no_memory(
    folder: Path, line: str
) -> None:
    (folder / "forging.py").write_text(FORGED.format(line=line))
    forging = load_isolated("forging.py:gradient", Limits(seconds=30), Options())
    try:
        with pytest.raises(Died, match="wrote into the channel of its answers"):
            forging.functions["dE/dz"](np.ones((1, 1)), np.ones((1, 1)))
    finally:
        forging.connection.end()


RESHAPING = f"""
{RIGHT_SOURCE}
def gradient(logits, targets):
    if logits.ndim == 0 and targets.ndim == 3:
        return np.zeros((1, 5))
    if logits.size == 1:
        logits.shape = ()
    raise ValueError

def swaps(logits, targets):
    answer = right(logits, targets)
    logits.dtype = ">f8"
    return answer
"""


def test_arguments_that_lost_their_axes_before_an_error_end_nothing(folder: Path) -> None:
    (folder / "reshaping.py").write_text(RESHAPING)
    found = gradcert.certify(
        "reshaping.py:gradient", formats=["binary64"], max_examples=2, limits=LIMITS, effort="quick"
    )
    assert found.verdict == "broken"


def test_arguments_whose_byte_order_was_changed_are_seen(folder: Path) -> None:
    (folder / "reshaping.py").write_text(RESHAPING)
    found = gradcert.certify(
        "reshaping.py:swaps", formats=["binary64"], max_examples=2, limits=LIMITS, effort="quick"
    )
    (refuted,) = found.refutations
    assert refuted.discrepancy is not None
    assert refuted.discrepancy.statement == "the call changed its logits: the dtype is another one"
