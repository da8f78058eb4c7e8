"""A program in any language, asked over its standard input and output."""

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import Loss, load
from gradcert_implementations.adapters.program import ProgramError, from_command, request_of

PROGRAM = """
    import json, os, sys, time
    import numpy as np
    read, write = sys.stdin.buffer, sys.stdout.buffer
    dtypes = {"binary64": np.float64, "binary32": np.float32}
    while line := read.readline():
        asked = json.loads(line)
        arrays = []
        for place, shape in enumerate(asked["shapes"]):
            index = place == 1 and asked["targets"] == "index"
            dtype = np.dtype(np.int64 if index else dtypes[asked["format"]])
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(read.read(count * dtype.itemsize), dtype).reshape(shape))
        z = arrays[0]
        o = np.exp(z - z.max(axis=1, keepdims=True))
        o /= o.sum(axis=1, keepdims=True)
        if asked["quantity"] == "softmax":
            answer = o
        elif asked["quantity"] in ("softmax-backward", "hvp"):
            answer = o * (arrays[-1] - (o * arrays[-1]).sum(axis=1, keepdims=True))
            assert asked["targets"] != "index" or arrays[1].shape == z.shape[:1]
        else:
            t = np.eye(z.shape[1])[arrays[1]] if asked["targets"] == "index" else arrays[1]
            answer = (o - t).astype(z.dtype)
        BEFORE
        write.write(json.dumps({"shape": answer.shape}).encode() + b"\\n" + answer.tobytes())
        write.flush()
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Write a program that does something before it answers, and return its SPEC."""

    def written(before: str = "pass") -> str:
        path = tmp_path / "kernel.py"
        path.write_text(dedent(PROGRAM).replace("BEFORE", before))
        return f"command:{sys.executable} {path}"

    return written


@pytest.mark.parametrize(
    ("before", "error", "message"),
    [
        ("os._exit(3)", ProgramError, "the program ended with exit status 3"),
        ("os.kill(os.getpid(), 11)", ProgramError, "the program ended with Segmentation fault"),
        ("sys.exit('out of registers')", ProgramError, "it said: out of registers"),
        ("print('debug', flush=True)", ProgramError, "it answered b'debug'; expected a line like"),
        ("print(3, flush=True)", ProgramError, "it answered b'3'"),
        ("print('[' * 60000, flush=True)", ProgramError, "it answered b'[[["),
        (
            """print('{"shape": [9999, 9999, 9999]}', flush=True)""",
            ProgramError,
            "it answered the shape [9999, 9999, 9999] for logits of shape [1, 2]; expected",
        ),
        (
            """print('{"shape": [0, 1' + '0' * 30 + ']}', flush=True)""",
            ProgramError,
            "it answered the shape [0, 1000",
        ),
        ("""print('{"shape": [1e999, 2]}', flush=True)""", ProgramError, "[1e999, 2]"),
        ("""print('{"shape": [-1, 2]}', flush=True)""", ProgramError, "[-1, 2]"),
        ("""print('{"shape": [true, 2]}', flush=True)""", ProgramError, "[true, 2]"),
        ("""print('{"shape": "12"}', flush=True)""", ProgramError, "it answered"),
        ("""print('{"error": "no GPU"}', flush=True); continue""", ProgramError, "reports: no GPU"),
        (
            """print('{"unsupported": "not yet"}', flush=True); continue""",
            NotImplementedError,
            "not yet",
        ),
        (
            "write.write(b'{\"shape\": [1, 2]}\\n1234'); sys.exit()",
            ProgramError,
            "sent 4 of the 16",
        ),
        (
            "said = json.dumps({'shape': answer.shape}).encode() + b'\\n' + answer.tobytes(); "
            "os.write(1, said + said); continue",
            ProgramError,
            "after its last answer",
        ),
    ],
)
def test_a_program_that_breaks_the_protocol_raises_an_error_that_says_how(
    program: Callable[[str], str], before: str, error: type[Exception], message: str
) -> None:
    gradient = load(program(before)).functions["dE/dz"]
    row = np.array([[1.0, 0.0]])
    with pytest.raises(error) as raised:
        list(map(gradient, [row, row], [row, row]))
    assert message in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("quantity", "targets", "expected"),
    [
        ("softmax", "probability", [[0.5, 0.5]]),
        ("dE/dz", "probability", [[-0.5, 0.5]]),
        ("dE/dz", "index", [[-0.5, 0.5]]),
    ],
)
def test_a_program_answers_in_the_quantities_and_for_the_targets_that_it_claims(
    program: Callable[[str], str], quantity: Any, targets: str, expected: list[list[float]]
) -> None:
    loaded = load(program("pass"), quantities=[quantity], formats=["fp32"], targets=targets)
    assert (loaded.formats, loaded.domain.targets) == (("binary32",), targets)
    arguments = [np.zeros((1, 2), np.float32), np.array([[1, 0]], np.float32)]
    answer = loaded.functions[quantity](*arguments[: 1 if quantity == "softmax" else 2])
    assert answer.dtype == np.float32
    assert answer.tolist() == expected


@pytest.mark.parametrize(
    ("quantity", "targets", "told"),
    [
        ("softmax-backward", "probability", "none"),
        ("softmax-backward", "index", "none"),
        ("hvp", "signed", "signed"),
        ("hvp", "index", "index"),
    ],
)
def test_a_request_of_a_program_has_v_as_its_last_array_and_says_whether_there_are_targets(
    program: Callable[[str], str], quantity: Any, targets: str, told: str
) -> None:
    spec = program(f"assert asked['targets'] == {told!r}; assert len(arrays[-1]) == len(z)")
    loaded = load(spec, quantities=[quantity], targets=targets)
    z, t, v = np.zeros((1, 2)), np.array([[0.0, 1.0]]), np.array([[1.0, -1.0]])
    arguments = (z, v) if quantity == "softmax-backward" else (z, t, v)
    assert loaded.functions[quantity](*arguments).tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        ({}, None),
        (
            {"label_smoothing": 0.1, "reduction": "mean"},
            {"label_smoothing": 0.1, "reduction": "mean"},
        ),
        ({"class_weights": lambda n: [1.0] * n}, {"class_weights": [1.0, 1.0]}),
    ],
    ids=["none", "two options", "a function"],
)
def test_the_request_of_a_program_names_the_options_of_the_loss_that_are_on(
    program: Callable[[str], str], loss: dict[str, Any], told: object
) -> None:
    spec = program("""answer = np.full_like(z, asked.get("loss") == """ + f"{told!r})")
    answer = load(spec, loss=loss).functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    assert answer.tolist() == [[1.0, 1.0]]


def test_an_ignored_row_of_a_program_has_the_label_that_says_so() -> None:
    arrays = np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]])
    request = request_of("dE/dz", arrays, "index", Loss(ignore_index=-100))
    assert np.frombuffer(request[-16:], np.int64).tolist() == [1, -100]


def test_a_wrong_shape_is_returned_as_it_came(program: Callable[[str], str]) -> None:
    gradient = load(program("answer = answer.ravel()")).functions["dE/dz"]
    assert gradient(np.zeros((1, 2)), np.ones((1, 2))).shape == (2,)


def test_a_program_answers_a_loss_with_a_reduction_in_one_value(
    program: Callable[[str], str],
) -> None:
    spec = program("answer = np.asarray(-(t * np.log(o)).sum(), z.dtype)")
    subject = load(spec, quantities=["loss"], loss={"reduction": "sum"})
    value = subject.functions["loss"](np.zeros((3, 2)), np.eye(2)[[0, 1, 1]])
    assert value.shape == ()
    assert value == pytest.approx(3 * np.log(2))


def test_a_program_is_certified_in_what_it_claims(program: Callable[[str], str]) -> None:
    spec = program("pass")
    found = gradcert.certify(
        spec, quantities=["softmax", "dE/dz"], targets="index", max_examples=5, effort="quick"
    )
    assert (found.verdict, found.level) == ("conforms", "shifted")
    assert found.quantities == ("softmax", "dE/dz")
    assert found.formats == ("binary64", "binary32")


def test_one_process_serves_many_cases_and_is_started_again_when_it_died(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    note = f"open({str(tmp_path / 'seen')!r}, 'a').write(f'{{os.getpid()}} ')"
    dies = "(z.shape == (2, 2) and os._exit(1))"
    asked = load(program(f"{note}; {dies}")).functions["dE/dz"]
    for rows in (1, 3, 1):
        asked(np.zeros((rows, 2)), np.ones((rows, 2)))
    with pytest.raises(RuntimeError, match="exit status 1"):
        asked(np.zeros((2, 2)), np.ones((2, 2)))
    asked(np.zeros((1, 2)), np.ones((1, 2)))
    first, second, third, fourth, fifth = (tmp_path / "seen").read_text().split()
    assert first == second == third == fourth != fifth


def test_the_name_of_a_program_is_its_command_and_its_origin_loads_it_again() -> None:
    made = from_command(f"{sys.executable} -c pass")
    assert made.name == f"{sys.executable} -c pass"
    assert load(made.origin).name == made.name


def test_a_program_takes_no_device() -> None:
    with pytest.raises(ValueError, match="takes no device; a loss does: from_torch or from_jax"):
        from_command(sys.executable, device="cuda")
