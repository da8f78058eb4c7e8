"""The process that an isolated implementation runs in: ``python -m gradcert.engine.worker``.

It loads the implementation, describes it, and answers requests with results, one line of JSON each.
Requests come on standard input. Answers go to a pipe whose number is the first argument, so that
nothing the implementation prints gets between them. The second argument is the number of the file
for notes; see :mod:`gradcert.isolation.protocol`.
"""

import contextlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from gradcert.checks import planned
from gradcert.core.claim import Broken, NotSupported
from gradcert.core.clock import since
from gradcert.core.limits import memory_can_be_limited
from gradcert.engine.examiner import LocalExaminer
from gradcert.generation.plain import PLAIN_NUMBERS, plain_case
from gradcert.isolation.protocol import (
    Answer,
    Described,
    Load,
    Request,
    check_travels,
    note_call,
    note_return,
)
from gradcert_implementations import Array, Function, Implementation, QuantityName, SpecError, load

__all__ = ["main"]


def _noted(function: Function, notes: int) -> Function:
    """Return `function`, noting each call."""

    def noting(*arguments: Array) -> Array:
        note_call(notes, time.monotonic(), arguments)
        try:
            return function(*arguments)
        except KeyboardInterrupt as error:
            # Ctrl-C does not reach this process, so the subject raised it.
            raise RuntimeError("it raised KeyboardInterrupt") from error
        finally:
            note_return(notes)

    return noting


def _described(subject: Implementation) -> Described:
    return Described(
        name=subject.name,
        quantities=tuple(subject.functions),
        formats=subject.formats,
        loss=subject.loss,
        domain=subject.domain,
        filled_in=subject.filled_in,
        at_least=subject.at_least,
        summary=subject.summary,
        origin=subject.origin,
        library=subject.library,
        device=subject.device,
        compiles_per_shape=subject.compiles_per_shape,
        strides=subject.strides,
        takes_upstream=subject.takes_upstream,
        takes_outputs=subject.takes_outputs,
        has_second_backward=subject.second_backward is not None,
    )


def _limit_memory(beyond: int | None) -> None:
    """Limit what the process may allocate in addition, where the system can do that."""
    if beyond is None or not memory_can_be_limited():
        return
    import resource

    with Path("/proc/self/status").open() as status:
        held = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + beyond, hard))


def _requests() -> queue.SimpleQueue[bytes]:
    """Return the requests as they come. The process ends with its input, even within a call."""
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        while line := sys.stdin.buffer.readline():
            requests.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return requests


def main(answers: int, notes: int) -> None:
    """Serve until the input ends."""
    requests = _requests()

    def say(answer: Answer) -> None:
        data = msgspec.json.encode(answer) + b"\n"
        while data:
            data = data[os.write(answers, data) :]

    asked = msgspec.json.decode(requests.get(), type=Load)
    try:
        subject = load(asked.spec, **asked.options.keywords())
        if asked.claimed:
            subject = subject.with_loss(asked.claimed.loss)
        check_travels(subject.loss.class_weights)
    except SpecError as error:
        say(Answer(error=str(error)))
        return
    noted: Mapping[QuantityName, Function] = {
        quantity: _noted(function, notes) for quantity, function in subject.functions.items()
    }
    again = subject.second_backward and _noted(subject.second_backward, notes)
    claimed = msgspec.structs.asdict(asked.claimed) if asked.claimed else {}
    subject = replace(subject, functions=noted, second_backward=again, **claimed)
    claims = {one.task: one.claim for one in planned(subject)}
    examiner = LocalExaminer(subject, asked.settings)
    _limit_memory(asked.memory)
    say(Answer(described=_described(subject)))
    while True:
        request = msgspec.json.decode(requests.get(), type=Request)
        if request.task is None:
            say(Answer(diagnoses=examiner.diagnoses(request.results)))
        elif request.shapes:
            claim = claims[request.task]
            fill = PLAIN_NUMBERS[claim.quantity.arguments[0]]
            for shape in request.shapes:
                with contextlib.suppress(Broken, NotSupported):
                    claim.answer(plain_case(claim, np.full(shape, fill), "plain"))
            say(Answer())
        else:
            before = examiner.spent
            result = examiner.check(request.task)
            spent = since(before, examiner.spent)
            say(Answer(result=result, spent=spent, observed=examiner.observed))


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except BaseException:  # noqa: BLE001  # These must be its last words.
        traceback.print_exc()
        # The usual way would wait for the reading thread, which ends with an abort.
        os._exit(1)
