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
``{"error": "what went wrong"}``. An answer takes one line, however it is spaced. Read a request to
its last byte before answering, a declined one too; send as many bytes as the shape says; flush; and
write nothing else to standard output, not even a newline. Standard error is yours.
"""

import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from math import prod
from typing import IO, Annotated, Any, cast

import msgspec
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

_EXPECTED = 'expected a line like {"shape": [2, 3]}'
_LONGEST_LINE = 1 << 16
_QUOTED = 60
_PATIENCE = 1.0
"""Seconds that a program which closed its output gets to end by itself."""


class ProgramError(RuntimeError):
    """The program did not answer as the protocol wants; the message says what it did."""


class _Answer(msgspec.Struct, frozen=True):
    shape: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=3)] = []
    unsupported: str | None = None
    error: str | None = None


def _bytes(array: Array) -> bytes:
    return (array if sys.byteorder == "little" else array.byteswap()).tobytes()


def _array(data: bytes, dtype: np.dtype[Any], shape: Sequence[int]) -> Array:
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.copy() if sys.byteorder == "little" else array.byteswap()


def _words(said: IO[bytes]) -> str:
    """Return the beginning and the end of what the program wrote to standard error."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 2000))
    tail = " ".join(said.read().decode(errors="replace").split())
    said.seek(0)
    head = " ".join(said.read(2000).decode(errors="replace").split())
    if len(head) <= 4 * _QUOTED and size <= 2000:
        return head
    return f"{head[:_QUOTED]} ... {tail[-2 * _QUOTED :]}"


class _Conversation:
    """A running program, until its first answer that is none."""

    def __init__(self, command: Sequence[str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # Closed with the conversation.
        self._unread = b""
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=self._said, bufsize=0
            )
        except OSError as error:
            self._said.close()
            raise ProgramError(f"the program cannot be started: {error.strerror}") from error
        self.end = weakref.finalize(self, _end, self._process, self._said)

    def _output(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _ended(self, how: str) -> ProgramError:
        """Return the error for a program that closed its end, and what it said."""
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            ending = "the program goes on"
        else:
            by_signal = code < 0 and (signal.strsignal(-code) or f"signal {-code}")
            ending = f"the program ended with {by_signal or f'exit status {code}'}"
        words = _words(self._said)
        return ProgramError(f"{ending}; {how}" + (f"; it said: {words}" if words else ""))

    def send(self, data: bytes) -> None:
        """Write it all."""
        assert self._process.stdin is not None
        if self._unread or select.select([self._output()], [], [], 0)[0]:
            unasked = self._unread or os.read(self._output(), _LONGEST_LINE)
            if unasked:
                raise ProgramError(f"it wrote {unasked[:_QUOTED]!r} after its last answer")
        try:
            while data:
                data = data[self._process.stdin.write(data) :]
        except BrokenPipeError:
            raise self._ended("it did not read the whole request") from None

    def line(self) -> bytes:
        """Return the next line."""
        while b"\n" not in self._unread and len(self._unread) < _LONGEST_LINE:
            data = os.read(self._output(), 1 << 16)
            if not data:
                raise self._ended("it closed its output where an answer was due")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        parts = [self._unread]
        missing = count - len(self._unread)
        while missing > 0:
            data = os.read(self._output(), 1 << 20)
            if not data:
                raise self._ended(f"it sent {count - missing} of the {count} bytes of its answer")
            parts.append(data)
            missing -= len(data)
        data = b"".join(parts)
        self._unread = data[count:]
        return data[:count]


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """End a program, if it has not ended, and let go of it."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        with contextlib.suppress(BrokenPipeError):
            stream.close()
    process.wait()
    said.close()


class _Program:
    """A program, started when it is first asked, and again after an answer that was none."""

    def __init__(self, command: Sequence[str], targets: str) -> None:
        self._command = command
        self._targets = targets
        self._conversation: _Conversation | None = None

    def ask(self, quantity: QuantityName, *arrays: Array) -> Array:
        """Return the program's answer."""
        if self._conversation is None:
            self._conversation = _Conversation(self._command)
        answered = False
        try:
            answer, result = self._converse(self._conversation, quantity, *arrays)
            answered = True
        finally:
            # Whatever came between, an interrupt too: what is in the pipe is out of step.
            if not answered:
                self._conversation.end()
                self._conversation = None
        if answer.unsupported is not None:
            raise NotImplementedError(answer.unsupported)
        if answer.error is not None:
            raise ProgramError(f"the program reports: {answer.error}")
        return result

    def _converse(
        self, conversation: _Conversation, quantity: QuantityName, *arrays: Array
    ) -> tuple[_Answer, Array]:
        dtype, (rows, classes) = arrays[0].dtype, arrays[0].shape
        sent = list(arrays)
        if arrays[1:] and self._targets == "index":
            sent[1] = class_indices(arrays[1])
        question = {
            "quantity": quantity,
            "format": _FORMATS.get(dtype.name, dtype.name),
            "shapes": [array.shape for array in sent],
            "targets": self._targets if arrays[1:] else "none",
        }
        conversation.send(b"\n".join([json.dumps(question).encode(), b"".join(map(_bytes, sent))]))
        line = conversation.line()
        try:
            answer = msgspec.json.decode(line, type=_Answer)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise ProgramError(f"it answered {line[:_QUOTED]!r}; {_EXPECTED}") from None
        if answer.unsupported is not None or answer.error is not None:
            return answer, arrays[0]
        # A wrong shape is for the suite to tell, but not one that nobody has the memory for.
        most = (rows + 1) * (classes + 1) ** 2
        if not answer.shape or max(answer.shape) > most or prod(answer.shape) > most:
            raise ProgramError(f"it answered {line[:_QUOTED]!r}; {_EXPECTED}")
        data = conversation.take(prod(answer.shape) * dtype.itemsize)
        return answer, _array(data, dtype, answer.shape)


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
