"""The process of its own that an isolated implementation runs in: ``python -m gradcert.worker``.

It loads the implementation, describes it, and answers requests with results, one line of JSON each:
requests come on standard input, and answers go to a pipe whose number is its first argument, so
that nothing the implementation prints gets between them. Before each call of the implementation it
notes the time and the arguments in the file whose number is its second argument, where they outlive
the process.
"""

import contextlib
import os
import pickle
import queue
import resource
import struct
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gradcert.cases import Broken, Claim, NotSupported
from gradcert.clock import Spent, since
from gradcert.examination import Examination
from gradcert_implementations import (
    Array,
    FormatName,
    Function,
    Implementation,
    Loss,
    QuantityName,
    SpecError,
    TargetDomain,
    load,
)
from gradcert_oracle import FORMATS
from gradcert_reports import CheckResult, Diagnosis

__all__ = ["Answer", "Asked", "Described", "Subject", "call_began", "last_arguments", "main"]

_CLOCK = struct.Struct("d")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The first request: what to load, and how it will be examined.

    Attributes
    ----------
    spec, options
        The arguments of :func:`gradcert.load`.
    max_examples, seed
        As for :func:`gradcert.certify`.
    memory
        Bytes that the process may allocate beyond what it holds when all is loaded; None for any.
    """

    spec: str
    options: dict[str, Any]
    max_examples: int
    seed: int
    memory: int | None


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An implementation without its functions."""

    name: str
    quantities: tuple[QuantityName, ...]
    formats: tuple[FormatName, ...]
    targets: TargetDomain
    largest_logit: float
    fewest_classes: int
    loss: Loss
    summary: str
    origin: str
    library: str
    device: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A further request: a check of a claim, or calls with plain cases, or a diagnosis.

    Attributes
    ----------
    check, quantity, format
        What is checked; without a check, what is called.
    shapes
        Of the plain cases: zeros for logits, or halves for probabilities, and the first class for
        target. The answers do not matter.
    results
        Those to diagnose.
    """

    check: str = ""
    quantity: QuantityName = "dE/dz"
    format: str = ""
    shapes: tuple[tuple[int, int], ...] = ()
    results: tuple[CheckResult, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the process answers: one of these, a result with what it took."""

    error: str = ""
    described: Described | None = None
    result: CheckResult | None = None
    spent: Spent = {}
    diagnoses: tuple[Diagnosis, ...] = ()


def call_began(notes: int) -> float:
    """Return when the present call began, in seconds of the monotonic clock; zero between calls."""
    began: float = _CLOCK.unpack(os.pread(notes, _CLOCK.size, 0) or _CLOCK.pack(0))[0]
    return began


def last_arguments(notes: int) -> tuple[Array, ...]:
    """Return the arguments of the last call; empty if there was none."""
    data = os.pread(notes, os.fstat(notes).st_size, _CLOCK.size)
    arguments: tuple[Array, ...] = pickle.loads(data) if data else ()
    return arguments


def _noted(function: Function, notes: int) -> Function:
    """Return `function`, noting each call."""

    def noting(*arguments: Array) -> Array:
        os.pwrite(notes, pickle.dumps(arguments), _CLOCK.size)
        os.pwrite(notes, _CLOCK.pack(time.monotonic()), 0)
        try:
            return function(*arguments)
        except KeyboardInterrupt as error:
            # Ctrl-C does not reach this process, so the subject raised it.
            raise RuntimeError("it raised KeyboardInterrupt") from error
        finally:
            os.pwrite(notes, _CLOCK.pack(0), 0)

    return noting


def _described(subject: Implementation) -> Described:
    return Described(
        name=subject.name,
        quantities=tuple(subject.functions),
        formats=subject.formats,
        targets=subject.targets,
        largest_logit=subject.largest_logit,
        fewest_classes=subject.fewest_classes,
        loss=subject.loss,
        summary=subject.summary,
        origin=subject.origin,
        library=subject.library,
        device=subject.device,
    )


def _limit_memory(beyond: int | None) -> None:
    """Let the process allocate so much more than it has, where the system can tell and enforce."""
    if beyond is None or not sys.platform.startswith("linux"):
        return
    with Path("/proc/self/status").open() as status:
        held = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + beyond, hard))


def _requests() -> queue.SimpleQueue[bytes]:
    """Return the requests as they come; the process ends with its input, even within a call."""
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        while line := sys.stdin.buffer.readline():
            requests.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return requests


def _plain(claim: Claim, shape: tuple[int, int]) -> tuple[Array, Array]:
    first = np.full(shape, 0.5 if claim.quantity == "dE/do" else 0, claim.format.dtype)
    targets = np.zeros_like(first)
    targets[:, 0] = 1
    return first, targets


def main(answers: int, notes: int) -> None:
    """Serve until the input ends."""
    requests = _requests()

    def say(answer: Answer) -> None:
        data = msgspec.json.encode(answer) + b"\n"
        while data:
            data = data[os.write(answers, data) :]

    asked = msgspec.json.decode(requests.get(), type=Subject)
    try:
        subject = load(asked.spec, **asked.options)
    except SpecError as error:
        say(Answer(error=str(error)))
        return
    noted: Mapping[QuantityName, Function] = {
        quantity: _noted(function, notes) for quantity, function in subject.functions.items()
    }
    noted_subject = replace(subject, functions=noted)
    examination = Examination(noted_subject, max_examples=asked.max_examples, seed=asked.seed)
    _limit_memory(asked.memory)
    say(Answer(described=_described(subject)))
    while True:
        wanted = msgspec.json.decode(requests.get(), type=Asked)
        if wanted.check:
            before = examination.spent
            result = examination.check(wanted.check, wanted.quantity, wanted.format)
            say(Answer(result=result, spent=since(before, examination.spent)))
        elif wanted.shapes:
            claim = Claim(noted_subject, wanted.quantity, FORMATS[wanted.format])
            for shape in wanted.shapes:
                with contextlib.suppress(Broken, NotSupported):
                    claim.answer(*_plain(claim, shape))
            say(Answer())
        else:
            say(Answer(diagnoses=examination.diagnoses(wanted.results)))


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except BaseException:  # noqa: BLE001  # The last words are to be these.
        traceback.print_exc()
        # Not by the usual way, which the reading thread would end with an abort.
        os._exit(1)
