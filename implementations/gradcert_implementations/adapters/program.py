"""A program in any language, asked over its standard input and output.

One process answers many requests, one after the other, until its input ends. A request is a line of
JSON, always with these keys in this order and with this spacing, and then the raw bytes of the
arrays, row by row, little-endian, with nothing between them::

    {"quantity": "dE/dz", "format": "binary32", "shapes": [[2, 3], [2, 3]], "targets": "any"}

============ ==================================================================================
``quantity`` ``softmax``, ``loss``, ``dE/do``, ``do/dz`` or ``dE/dz``
``format``   of all but class indices: ``binary64``, ``binary32``, ``binary16`` or ``bfloat16``
``shapes``   of the arrays that follow: logits (for dE/do probabilities), then targets
``targets``  ``probability`` or ``any``: rows, of the shape of the logits. ``index``: the class of
             each row, an int64. ``none``: no second array, for softmax and do/dz
============ ==================================================================================

The answer has the same form: a line of JSON with the shape, then the bytes in the same format::

    {"shape": [2, 3]}

or, with nothing behind it, ``{"unsupported": "why"}`` for a question the program does not take, or
``{"error": "what went wrong"}``. Read a request to its end before answering, flush the answer, and
write nothing else to standard output; standard error is yours.
"""

import contextlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from math import prod
from typing import IO, Any, cast

import numpy as np

from gradcert_implementations.adapters.conventions import class_indices
from gradcert_implementations.interface import (
    Array,
    FormatName,
    Function,
    Implementation,
    QuantityName,
    TargetDomain,
)

__all__ = ["ProgramError", "from_command"]

_FORMATS = {"float64": "binary64", "float32": "binary32", "float16": "binary16"}
"""How formats are called, by the name of their dtype; bfloat16 is called the same."""

_LONGEST_LINE = 1 << 16
_LAST_WORDS = 300
_PATIENCE = 1.0
"""Seconds that a program which closed its output gets to end by itself."""


class ProgramError(RuntimeError):
    """The program did not answer as the protocol wants; the message says what it did."""


def _bytes(array: Array) -> bytes:
    return (array if sys.byteorder == "little" else array.byteswap()).tobytes()


def _array(data: bytes, dtype: np.dtype[Any], shape: Sequence[int]) -> Array:
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.copy() if sys.byteorder == "little" else array.byteswap()


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close both ends of the conversation."""
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        with contextlib.suppress(BrokenPipeError):  # What it had not read yet.
            stream.close()


def _stop(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """End a program, if it has not ended, and let go of it."""
    process.kill()
    _hang_up(process)
    process.wait()
    said.close()


class _Program:
    """A running program, started when it is first asked, and again when it has died."""

    def __init__(self, command: Sequence[str], targets: str) -> None:
        self._command = command
        self._targets = targets
        self._running: tuple[subprocess.Popen[bytes], IO[bytes]] | None = None

    def _start(self) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        said = tempfile.TemporaryFile()  # noqa: SIM115  # Closed when the program ends.
        pipe = subprocess.PIPE
        process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=said)
        self._running = process, said
        weakref.finalize(self, _stop, process, said)
        return self._running

    def _ended(self, how: str) -> ProgramError:
        """End the program and return the error that says how it failed to answer."""
        assert self._running is not None
        (process, said), self._running = self._running, None
        _hang_up(process)
        try:
            code = process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        if code is not None:
            name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
            how = f"the program ended with {name}; {how}"
        said.seek(0)
        words = " ".join(said.read().decode(errors="replace").split())[-_LAST_WORDS:]
        _stop(process, said)
        return ProgramError(how + (f"; it said: {words}" if words else ""))

    def ask(self, quantity: QuantityName, *arrays: Array) -> Array:
        """Return the program's answer."""
        dtype = arrays[0].dtype
        sent = list(arrays)
        if arrays[1:] and self._targets == "index":
            sent[1] = class_indices(arrays[1])
        question = {
            "quantity": quantity,
            "format": _FORMATS.get(dtype.name, dtype.name),
            "shapes": [array.shape for array in sent],
            "targets": self._targets if arrays[1:] else "none",
        }
        process, _ = self._running or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            for array in sent:
                process.stdin.write(_bytes(array))
            process.stdin.flush()
        except BrokenPipeError:
            raise self._ended("it did not read the whole request") from None
        line = process.stdout.readline(_LONGEST_LINE)
        expected = 'expected a line like {"shape": [2, 3]}'
        if not line:
            raise self._ended(f"it closed its output where an answer was due; {expected}")
        try:
            answer = json.loads(line)
            if "unsupported" in answer:
                raise NotImplementedError(str(answer["unsupported"]))
            if "error" in answer:
                raise ProgramError(f"the program reports: {answer['error']}")
            shape = [int(length) for length in answer["shape"]]
        except (ValueError, TypeError, KeyError):
            raise self._ended(f"it answered {line[:80]!r}; {expected}") from None
        due = prod(shape) * dtype.itemsize
        if any(length < 0 for length in shape) or prod(shape) > _most(arrays[0]):
            raise self._ended(f"it answered with the shape {shape}")
        data = process.stdout.read(due)
        if len(data) < due:
            raise self._ended(f"it sent {len(data)} of the {due} bytes of shape {shape}")
        return _array(data, dtype, shape)


def _most(first: Array) -> int:
    """Return how many values are read of an answer: a Jacobian's, and some for a wrong shape."""
    rows, classes = map(int, first.shape)
    return (rows + 1) * (classes + 1) ** 2


def from_command(
    command: str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str = "probability",
) -> Implementation:
    """Return the implementation that a program is; the protocol stands at the top of this module.

    Parameters
    ----------
    command
        The program and its arguments, quoted as for a shell; no shell runs it.
    quantities, formats, targets
        What it claims: dE/dz in binary64 and binary32 on probabilities unless told.

    Raises
    ------
    ValueError
        If there is no such program, or a name is unknown.

    Examples
    --------
    >>> from_command("./missing_kernel --fast")
    Traceback (most recent call last):
    ValueError: there is no program './missing_kernel' that can be run
    """
    words = shlex.split(command)
    if not words:
        raise ValueError("no program is named; write command:./my_kernel")
    if shutil.which(words[0]) is None:
        raise ValueError(f"there is no program {words[0]!r} that can be run")
    program = _Program(words, targets)

    def asking(quantity: QuantityName) -> Function:
        return lambda *arrays: program.ask(quantity, *arrays)

    return Implementation(
        name=command,
        functions={
            (known := cast("QuantityName", quantity)): asking(known)
            for quantity in quantities or ("dE/dz",)
        },
        formats=cast("tuple[FormatName, ...]", tuple(formats) or ("binary64", "binary32")),
        targets=cast("TargetDomain", targets),
        origin=f"command:{command}",
        library=words[0],
    )
