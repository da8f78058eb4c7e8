"""A program in any language, asked over its standard input and output.

One process answers many requests, one after the other, until its input ends. A request is a line of
JSON, always with these keys in this order and with this spacing, and then the raw bytes of the
arrays, row by row, little-endian, with nothing between them, so that they have no strides::

    {"quantity": "dE/dz", "format": "binary32", "shapes": [[2, 3], [2, 3]], "targets": "any"}

============ ==================================================================================
``quantity`` one of those below
``format``   of all but class indices: ``binary64``, ``binary32``, ``binary16`` or ``bfloat16``
``shapes``   of the arrays that follow, in their order
``targets``  ``probability``, ``any`` or ``signed``: rows, of the shape of the logits. ``index``:
             the class of each row, an int64. ``none``: no array of targets is among them
============ ==================================================================================

======================================== ======================
quantity                                 the arrays
======================================== ======================
``softmax``, ``log-softmax``, ``do/dz``  logits
``dE/dz``, ``loss``, ``dE/dt``           logits, targets
``dE/do``                                probabilities, targets
``softmax-backward``,                    logits, v
``log-softmax-backward``
``hvp``                                  logits, targets, v
======================================== ======================

v has the shape of the logits. If options of the loss are claimed, one more key stands last, with
all that differ from their defaults, by the names of :class:`Loss`. ``class_weights`` are then the
numbers of all classes::

    ..., "targets": "index", "loss": {"label_smoothing": 0.1, "reduction": "mean"}}

The answer has the same form: a line of JSON with the shape, then the bytes in the same format::

    {"shape": [2, 3]}

One value for all rows, a loss with a reduction, has the shape ``[]``. The answer to a question that
the program does not take is ``{"unsupported": "why"}``, and after a fault it is
``{"error": "what went wrong"}``, both with nothing behind. An answer takes one line, however it is
spaced. Read a request to its last byte before answering, a declined one too; send as many bytes as
the shape says; flush; and write nothing else to standard output, not even a newline. Standard error
is yours: it is read as it comes, and if the program ends, the line that says the error is quoted.
"""

import json
import os
import select
import shlex
import shutil
import sys
from collections.abc import Sequence
from math import prod
from typing import Annotated, Any, Unpack, cast

import msgspec
import numpy as np

from gradcert_implementations.adapters.conventions import (
    DEFAULT_QUANTITIES,
    declared,
)
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.conversation import RunningProcess, require_posix
from gradcert_implementations.interface import (
    Adapted,
    Array,
    Domain,
    Function,
    Implementation,
    Layout,
    Loss,
    Strides,
    options_of,
)
from gradcert_implementations.names import FORMAT_ALIASES, QUANTITY_ARGUMENTS, QuantityName
from gradcert_implementations.options import Options, OptionValues

__all__ = ["ProgramError", "from_command", "request_of"]

_EXPECTED = 'expected a line like {"shape": [2, 3]}'
_LONGEST_LINE = 1 << 16
_QUOTED = 60
_PATIENCE = 1.0
"""Seconds that a program gets to end by itself after it has closed its output."""


class ProgramError(RuntimeError):
    """The program broke the protocol or reported an error; the message says how."""


class _Answer(msgspec.Struct, frozen=True):
    shape: (
        Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=3)] | None
    ) = None
    unsupported: str | None = None
    error: str | None = None


def _bytes(array: Array) -> bytes:
    return (array if sys.byteorder == "little" else array.byteswap()).tobytes()


def _array(data: bytes, dtype: np.dtype[Any], shape: Sequence[int]) -> Array:
    array: Array = np.frombuffer(data, dtype).reshape(shape)
    return array.copy() if sys.byteorder == "little" else array.byteswap()


def request_of(quantity: QuantityName, arrays: Sequence[Array], targets: str, loss: Loss) -> bytes:
    r"""Return a request.

    Parameters
    ----------
    quantity, arrays
        The quantity, and the arguments of the call.
    targets, loss
        The domain of the targets, and the loss that is claimed.

    Examples
    --------
    >>> request_of("softmax", [np.ones((1, 1), "float16")], "any", Loss()).partition(b"\n")[2]
    b'\x00<'
    """
    dtype, sent = arrays[0].dtype, list(arrays)
    has_targets = "targets" in QUANTITY_ARGUMENTS[quantity]
    if has_targets and targets == "index":
        sent[1] = class_indices(arrays[1], loss.ignore_index)
    question: dict[str, Any] = {
        "quantity": quantity,
        "format": FORMAT_ALIASES.get(dtype.name, dtype.name),
        "shapes": [array.shape for array in sent],
        "targets": targets if has_targets else "none",
    }
    options = options_of(loss)
    if options:
        weights = loss.weights(arrays[0].shape[1])
        question["loss"] = options if weights is None else options | {"class_weights": weights}
    return b"\n".join([json.dumps(question).encode(), b"".join(map(_bytes, sent))])


class _Dialogue:
    """A running program. It is ended after its first answer that breaks the protocol."""

    def __init__(self, command: Sequence[str]) -> None:
        try:
            self._process = RunningProcess(command)
        except OSError as error:
            raise ProgramError(f"the program cannot be started: {error.strerror}") from error
        assert self._process.output is not None
        self._output = self._process.output
        self._unread = b""
        self.end = self._process.end

    def _failed(self, how: str) -> ProgramError:
        """Return the error for a program that closed one of its pipes, with its last words."""
        ending = self._process.ending(_PATIENCE)
        state = "is still running" if ending is None else f"ended with {ending}"
        words = self._process.last_words()
        return ProgramError(
            f"the program {state}; {how}" + (f"; it said: {words}" if words else "")
        )

    def send(self, data: bytes) -> None:
        """Write `data`; raise :class:`ProgramError` if the program wrote before it was asked."""
        if self._unread or select.select([self._output], [], [], 0)[0]:
            unasked = self._unread or os.read(self._output, _LONGEST_LINE)
            if unasked:
                raise ProgramError(f"it wrote {unasked[:_QUOTED]!r} after its last answer")
        try:
            self._process.write(data)
        except BrokenPipeError:
            raise self._failed("it did not read the whole request") from None

    def line(self) -> bytes:
        """Return the next line."""
        while b"\n" not in self._unread and len(self._unread) < _LONGEST_LINE:
            data = os.read(self._output, 1 << 16)
            if not data:
                raise self._failed("it closed its output before it answered")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        parts = [self._unread]
        missing = count - len(self._unread)
        while missing > 0:
            data = os.read(self._output, 1 << 20)
            if not data:
                raise self._failed(f"it sent {count - missing} of the {count} bytes of its answer")
            parts.append(data)
            missing -= len(data)
        data = b"".join(parts)
        self._unread = data[count:]
        return data[:count]


class _Program:
    """A program. It is started by the first question, and again after it broke the protocol."""

    def __init__(self, command: Sequence[str], targets: str, loss: Loss) -> None:
        self._command = command
        self._targets = targets
        self._loss = loss
        self._dialogue: _Dialogue | None = None

    def ask(self, quantity: QuantityName, *arrays: Array) -> Array:
        """Return the answer of the program."""
        if self._dialogue is None:
            self._dialogue = _Dialogue(self._command)
        answered = False
        try:
            answer, result = self._exchange(self._dialogue, quantity, *arrays)
            answered = True
        finally:
            # After any exception, an interrupt too, the pipes may hold half a message.
            if not answered:
                self._dialogue.end()
                self._dialogue = None
        if answer.unsupported is not None:
            raise NotImplementedError(answer.unsupported)
        if answer.error is not None:
            raise ProgramError(f"the program reports: {answer.error}")
        return result

    def _exchange(
        self, dialogue: _Dialogue, quantity: QuantityName, *arrays: Array
    ) -> tuple[_Answer, Array]:
        dtype, (rows, classes) = arrays[0].dtype, arrays[0].shape
        dialogue.send(request_of(quantity, arrays, self._targets, self._loss))
        line = dialogue.line()
        try:
            answer = msgspec.json.decode(line, type=_Answer)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise ProgramError(f"it answered {line[:_QUOTED]!r}; {_EXPECTED}") from None
        if answer.unsupported is not None or answer.error is not None:
            return answer, arrays[0]
        # The suite reports a wrong shape. Only one too large for the memory is refused here.
        most = (rows + 1) * (classes + 1) ** 2
        shape = answer.shape
        if shape is None:
            raise ProgramError(f"it answered {line[:_QUOTED]!r}; {_EXPECTED}")
        if max(shape, default=1) > most or prod(shape) > most:
            raise ProgramError(
                f"it answered the shape {str(shape)[:_QUOTED]} for logits of shape "
                f"{[rows, classes]}; expected the shape of the quantity"
            )
        return answer, _array(dialogue.take(prod(shape) * dtype.itemsize), dtype, shape)


def from_command(command: str, **options: Unpack[OptionValues]) -> Implementation:
    """Return the implementation of a program in any language.

    The program is asked over its standard input and output. The docstring of the module
    ``gradcert_implementations.adapters.program`` has the protocol on half a page.

    Parameters
    ----------
    command
        The program and its arguments, quoted as for a shell. No shell runs it.
    **options
        The fields of :class:`gradcert_implementations.Options`. By default the program claims dE/dz
        in binary64 and binary32, on probabilities.

    Returns
    -------
    The implementation, which :func:`gradcert.certify` takes. Its functions take and return numpy
    arrays.

    Raises
    ------
    ValueError
        For an unknown name, a device or another layout than rows, if there is no such program, and
        on systems without POSIX.

    Examples
    --------
    >>> from_command("./missing_kernel --fast")
    Traceback (most recent call last):
    ValueError: there is no program './missing_kernel' that can be run; check its path, ...
    """
    chosen = Options.of(options)
    require_posix("a program behind command:")
    try:
        words = shlex.split(command)
    except ValueError:
        raise ValueError(f"the command {command!r} has an open quote; close it") from None
    if not words:
        raise ValueError("no program is named; write command:./my_kernel")
    if shutil.which(words[0]) is None:
        raise ValueError(
            f"there is no program {words[0]!r} that can be run; check its path, and make the file "
            "executable"
        )
    domain = chosen.domain_over(Domain())
    if domain.layout is not Layout.ROWS:
        raise ValueError(f"a program gets rows, not layout={domain.layout}; leave it out")
    program = _Program(words, domain.targets, chosen.loss_over(Loss()))

    def asking(quantity: QuantityName) -> Function:
        return lambda *arrays: program.ask(quantity, *arrays)

    quantities = cast("tuple[QuantityName, ...]", chosen.quantities) or DEFAULT_QUANTITIES
    functions: dict[str, Function] = {quantity: asking(quantity) for quantity in quantities}
    return declared(
        command,
        functions,
        chosen,
        adapted=Adapted.PROGRAM,
        adapter="command:",
        library=words[0],
        strides=Strides.NONE,
    )
