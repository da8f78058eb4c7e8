"""Whatever stands in the channel of answers is a verdict. Nothing in it is run or believed."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradcert import Limits
from gradcert.core.failures import Broken, Died
from gradcert.isolation import process
from gradcert.isolation.subject import Isolated, load_isolated
from gradcert_implementations import Options, SpecError

CHILD = """
import os, sys
requests, answers = map(int, sys.argv[1:])
lines = os.fdopen(requests, "rb")
lines.readline()
os.write(answers, {described!r})
while lines.readline():
    os.write(answers, {garbage!r})
"""

DESCRIBED = b'{"name": "mine", "quantities": ["dE/dz"], "formats": ["binary64"]}\n'


def _answer(**fields: object) -> bytes:
    return json.dumps({"number": 1, **fields}).encode() + b"\n"


def _view(**fields: object) -> dict[str, object]:
    plain = {"dtype": "float64", "shape": [1, 2], "strides": None, "offset": 0, "writeable": True}
    return {"type": "ndarray", "view": {"block": -1, **plain, **fields}}


NUMBERS = bytes(16)


def _block(number: int, size: int) -> list[dict[str, int]]:
    return [{"number": number, "size": size}]


BLOCK = _block(-1, 16)


@pytest.fixture
def subject(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Isolated:
    """A subject whose child answers every call with the same bytes."""
    source = CHILD.format(described=DESCRIBED, garbage=request.param)
    (tmp_path / "fake_child.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(process, "_CHILD", "fake_child")
    return load_isolated("mine.py:f", Limits(seconds=1), Options())


def _called(subject: Isolated) -> object:
    try:
        return subject.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    finally:
        subject.connection.end()


RIGHT = _answer(returned=_view(), blocks=BLOCK) + NUMBERS


@pytest.mark.parametrize("subject", [RIGHT], indirect=True, ids=["an answer"])
def test_a_right_answer_of_the_fake_child_is_taken(subject: Isolated) -> None:
    found = _called(subject)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [[0, 0]]


GARBAGE = {
    "an empty line": b"\n",
    "no JSON": b"conforms\n",
    "JSON of another kind": b"[1, 2]\n",
    "an answer without a number": b"{}\n",
    "an answer to another request": _answer(returned=_view(), blocks=BLOCK).replace(b"1", b"2", 1)
    + NUMBERS,
    "bytes that nobody announced": RIGHT + b"more",
    "two answers": RIGHT + RIGHT,
    "a block of negative size": _answer(returned=_view(), blocks=_block(-1, -16)),
    "a block that is too small": _answer(returned=_view(), blocks=_block(-1, 8)) + bytes(8),
    "a view of no block": _answer(returned=_view(block=-7), blocks=BLOCK) + NUMBERS,
    "a view beyond its block": _answer(returned=_view(offset=8), blocks=BLOCK) + NUMBERS,
    "a view far beyond its block": _answer(returned=_view(offset=1 << 80), blocks=BLOCK) + NUMBERS,
    "a view whose strides overflow": _answer(
        returned=_view(shape=[2, 2], strides=[1 << 62, 1 << 62]), blocks=BLOCK
    )
    + NUMBERS,
    "a view of addresses": _answer(returned=_view(dtype="object"), blocks=BLOCK) + NUMBERS,
    "a dtype that is none": _answer(returned=_view(dtype="no such"), blocks=BLOCK) + NUMBERS,
    "a dtype of records": _answer(returned=_view(dtype="f8,f8"), blocks=BLOCK) + NUMBERS,
    "a shape of more numbers than there are": _answer(
        returned=_view(shape=[1 << 40, 1 << 40]), blocks=BLOCK
    )
    + NUMBERS,
    "a shape that is no list": _answer(returned=_view(shape="many"), blocks=BLOCK) + NUMBERS,
    "an argument of another size": _answer(returned=None, blocks=_block(1, 8)) + bytes(8),
    "an argument of another shape": _answer(
        returned=None,
        reshaped=[{**_view(shape=[3, 3])["view"], "block": 1}],  # type: ignore[dict-item]
    ),
    "half an answer": RIGHT[: len(RIGHT) // 2],
    "more bytes announced than come": _answer(returned=_view(), blocks=_block(-1, 1 << 60)),
}


@pytest.mark.parametrize("subject", GARBAGE.values(), indirect=True, ids=GARBAGE)
def test_garbage_in_place_of_an_answer_is_a_verdict(subject: Isolated) -> None:
    with pytest.raises(Died, match=r"wrote into the channel|did not return"):
        _called(subject)


@pytest.mark.parametrize(
    "garbage",
    [b"more " * 1000, _answer(returned=_view(), blocks=_block(-1, 1 << 60))],
    ids=["a line without an end", "a block that no memory holds"],
)
def test_an_answer_that_is_too_long_is_not_waited_for(
    garbage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CHILD.format(described=DESCRIBED, garbage=garbage)
    (tmp_path / "fake_child.py").write_text(
        source.replace("while lines.readline():", "lines.readline()\nwhile True:")
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(process, "_CHILD", "fake_child")
    subject = load_isolated("mine.py:f", Limits(seconds=60), Options())
    with pytest.raises(Died, match="wrote into the channel"):
        _called(subject)


@pytest.mark.parametrize(
    "subject", [_answer(raised="raised ValueError: \x1b[2J\nTraceback")], indirect=True
)
def test_a_message_that_an_answer_quotes_is_a_verdict(subject: Isolated) -> None:
    with pytest.raises(Broken, match="ValueError"):
        _called(subject)


@pytest.mark.parametrize(
    "described",
    [b"\n", b"[]\n", b'{"quantities": ["everything"]}\n', b'{"formats": ["binary1"]}\n', b"{}\n"],
)
def test_garbage_in_place_of_a_description_is_one_line(
    described: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fake_child.py").write_text(CHILD.format(described=described, garbage=b""))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(process, "_CHILD", "fake_child")
    with pytest.raises(SpecError) as caught:
        load_isolated("mine.py:f", Limits(seconds=1), Options())
    assert "\n" not in str(caught.value)
