"""A subject can write into the channel of its answers. What it writes there is a verdict."""

from pathlib import Path

import pytest
from subjects import RIGHT_SOURCE

import gradcert
from gradcert import Certificate, Limits, SpecError

SOURCE = f"""
import os
{RIGHT_SOURCE}

def write(data):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, data)
        except OSError:
            pass

def gradient(logits, targets):
    """

NO_JSON = r"write(b'garbage\n')"
FOR_EVER = "while True: write(bytes(1 << 16))"
MUCH = r"""write(b'{"number": 1, "blocks": [{"number": -1, "size": 1000000000000}]}\n')"""
NO_MEMORY = r"""write(
        b'{"number": 1, "returned": {"type": "ndarray", "view": {"block": 1, "dtype": "float64", '
        b'"shape": [2, 2], "strides": [4611686018427387904, 4611686018427387904], "offset": 0, '
        b'"writeable": true}}}\n'
    )"""


def _certified(folder: Path, source: str) -> Certificate:
    (folder / "mine.py").write_text(source)
    return gradcert.certify(
        "mine.py:gradient",
        formats=["binary64"],
        max_examples=5,
        effort="quick",
        limits=Limits(seconds=60),
    )


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "body",
    [NO_JSON, FOR_EVER, MUCH, NO_MEMORY],
    ids=["no JSON", "without an end", "more than any memory", "an array in no memory"],
)
def test_garbage_in_the_channel_of_answers_is_a_verdict_and_ends_no_judge(
    body: str, tmp_path: Path
) -> None:
    found = _certified(tmp_path, f"{SOURCE}{body}\n    return right(logits, targets)\n")
    assert found.complete
    for result in found.results:
        assert "wrote into the channel of its answers" in result.reason


def test_a_description_that_a_subject_writes_itself_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"^'mine.py:gradient' does not load: no quantity given"):
        _certified(tmp_path, f"{SOURCE}pass\nwrite(b'{{}}\\n')\n")
