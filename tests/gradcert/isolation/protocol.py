"""The messages between this process and that of an isolated implementation.

Requests and answers are lines of JSON. Before each call of the implementation, its process notes
the time and the arguments in a file that outlives it. The implementation can write to that file, so
it holds no pickles: a line of JSON says dtypes and shapes, and raw bytes follow.
"""

import os
import struct
from math import prod
from typing import Annotated

import msgspec
import numpy as np

from gradcert.core.clock import Spent
from gradcert.core.settings import SearchSettings
from gradcert.core.task import Task
from gradcert_implementations import (
    Array,
    Domain,
    FormatName,
    Given,
    LevelName,
    Loss,
    NamedWeights,
    Options,
    QuantityName,
    SpecError,
    Strides,
)
from gradcert_oracle import FORMATS
from gradcert_reports import CheckResult, Diagnosis

__all__ = [
    "Answer",
    "Claimed",
    "Described",
    "Load",
    "Request",
    "call_began",
    "check_travels",
    "last_arguments",
    "note_call",
    "note_return",
]

_CLOCK = struct.Struct("d")

_DTYPES = {format.dtype.name: format.dtype for format in FORMATS.values()}

_Length = Annotated[int, msgspec.Meta(ge=0)]


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What a subject says of its functions: what it claims, and what their cases depend on."""

    loss: Loss
    domain: Domain
    at_least: LevelName | None
    compiles_per_shape: bool
    strides: Strides


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The first request: what to load, and how it will be examined.

    Attributes
    ----------
    spec, options
        The arguments of :func:`gradcert.load`.
    claimed
        What the subject says, in place of what the SPEC declares; None to keep that.
    settings
        How many cases its checks will try, and what they are drawn from.
    memory
        Bytes that the process may allocate in addition once all is loaded; None for any number.
    """

    spec: str
    options: Options
    claimed: Claimed | None
    settings: SearchSettings
    memory: int | None


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An implementation without its functions."""

    name: str
    quantities: tuple[QuantityName, ...]
    formats: tuple[FormatName, ...]
    loss: Loss
    domain: Domain
    filled_in: tuple[Given, ...]
    at_least: LevelName | None
    summary: str
    origin: str
    library: str
    device: str
    compiles_per_shape: bool
    strides: Strides
    takes_upstream: bool
    takes_outputs: bool
    has_second_backward: bool


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A further request: a check of a claim, or calls with plain cases, or a diagnosis.

    Attributes
    ----------
    task
        What is checked; with `shapes`, the claim that is called.
    shapes
        Rows and classes of plain cases: zeros for logits, or halves for probabilities, and the
        first class for target. The answers do not matter.
    results
        Those to diagnose.
    """

    task: Task | None = None
    shapes: tuple[tuple[int, int], ...] = ()
    results: tuple[CheckResult, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request; a result comes with the time it took, and with what was observed."""

    error: str = ""
    described: Described | None = None
    result: CheckResult | None = None
    spent: Spent = {}
    observed: tuple[str, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()


class _Header(msgspec.Struct, frozen=True):
    """The dtype and the shape of each argument whose bytes follow."""

    dtypes: tuple[str, ...]
    shapes: tuple[tuple[_Length, ...], ...]


def check_travels(weights: object) -> None:
    """Raise SpecError for class weights that another process cannot be given.

    A function travels by the SPEC that loads it.
    """
    if callable(weights) and not isinstance(weights, NamedWeights):
        raise SpecError(
            "class_weights is a function without a public name, which another process cannot "
            "load: give it as 'my.py:weights'"
        )


def note_call(notes: int, now: float, arguments: tuple[Array, ...]) -> None:
    """Note that a call with these arguments begins now, in seconds of the monotonic clock."""
    shapes = tuple(array.shape for array in arguments)
    header = _Header(tuple(array.dtype.name for array in arguments), shapes)
    line = msgspec.json.encode(header) + b"\n"
    os.pwrite(notes, line + b"".join(array.tobytes() for array in arguments), _CLOCK.size)
    os.pwrite(notes, _CLOCK.pack(now), 0)


def note_return(notes: int) -> None:
    """Note that the call has returned."""
    os.pwrite(notes, _CLOCK.pack(0), 0)


def call_began(notes: int) -> float:
    """Return when the present call began, in seconds of the monotonic clock; zero between calls."""
    data = os.pread(notes, _CLOCK.size, 0)
    began: float = _CLOCK.unpack(data)[0] if len(data) == _CLOCK.size else 0.0
    return began


def last_arguments(notes: int) -> tuple[Array, ...]:
    """Return the arguments of the last call; empty if it had no rows, or the notes are garbage."""
    data = os.pread(notes, os.fstat(notes).st_size, _CLOCK.size)
    line, _, data = data.partition(b"\n")
    arguments: list[Array] = []
    try:
        header = msgspec.json.decode(line, type=_Header)
        for name, shape in zip(header.dtypes, header.shapes, strict=True):
            dtype = _DTYPES[name]
            arguments.append(np.frombuffer(data, dtype, prod(shape)).reshape(shape))
            data = data[prod(shape) * dtype.itemsize :]
    except (msgspec.DecodeError, LookupError, ValueError, OverflowError):
        return ()
    if arguments and arguments[0].ndim != 2:
        return ()  # A claim asked whether the function takes another layout than rows.
    return tuple(arguments)
