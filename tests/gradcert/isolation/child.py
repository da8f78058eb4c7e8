"""The process of an isolated implementation: ``python -m gradcert.isolation.child``.

It loads the implementation, describes it, and answers calls with raw arrays. It knows no case, no
check and no true value. Requests come from the pipe whose number is the first argument, and answers
go to that of the second, so that nothing the implementation prints gets between them.
"""

import ctypes
import os
import select
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import BinaryIO

import msgspec
import numpy as np

from gradcert.core.limits import STATUS, memory_can_be_limited
from gradcert.core.state.captured_output import captured_output
from gradcert.core.state.process_state import watched_state
from gradcert.core.state.random_states import seed
from gradcert.core.state.watching import DEFAULT_ERRORS
from gradcert.isolation.blocks import HeldBlocks
from gradcert.isolation.protocol import (
    Answer,
    Call,
    Described,
    Load,
    Weigh,
    check_travels,
    size_of_data,
)
from gradcert_implementations import (
    Implementation,
    Loss,
    SpecError,
    load,
    message_of,
    one_line,
    reloading,
)

__all__ = ["main"]

_SAID = 1000
"""Characters that a call writes to standard output and that are sent."""

_REQUESTS: msgspec.json.Decoder[Call | Weigh] = msgspec.json.Decoder(Call | Weigh)

_PARENT_DEATH_SIGNAL = 1
"""Linux's name for the option of ``prctl`` that sends a signal when the parent ends."""


def _described(subject: Implementation) -> Described:
    return Described(
        name=subject.name,
        quantities=tuple(subject.functions),
        formats=subject.formats,
        loss=msgspec.to_builtins(subject.loss),
        domain=subject.domain,
        reloading=msgspec.to_builtins(dict(reloading(subject))),
        filled_in=subject.filled_in,
        at_least=subject.at_least,
        summary=subject.summary,
        origin=subject.origin,
        adapted=subject.adapted,
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

    with STATUS.open() as status:
        held = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + beyond, hard))


def _end_with_parent(requests: int) -> None:
    """End this process as soon as its parent has ended, even within a call."""

    def wait() -> None:
        hung_up = select.poll()
        hung_up.register(requests, 0)  # That the other end is closed needs no registration.
        hung_up.poll()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    if sys.platform == "linux":
        # The thread does not run while a call keeps the interpreter's lock.
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


class _Pipes:
    """The two pipes of this process. No process that it starts gets them."""

    def __init__(self, requests: int, answers: int) -> None:
        for pipe in (requests, answers):
            os.set_inheritable(pipe, False)
        self._requests: BinaryIO = os.fdopen(requests, "rb")
        self._answers = answers
        self._owner = os.getpid()

    def line(self) -> bytes:
        """Return the line of the next request. The process ends where there is none."""
        return self._requests.readline() or os._exit(0)

    def data(self, size: int) -> bytes:
        """Return bytes that follow the line."""
        return self._requests.read(size)

    def answer(self, message: Described | Answer, *data: bytes) -> None:
        """Write an answer. A copy of this process that the subject has forked writes none."""
        if os.getpid() != self._owner:
            os._exit(0)
        rest = memoryview(b"".join((msgspec.json.encode(message), b"\n", *data)))
        while rest:
            rest = rest[os.write(self._answers, rest) :]


def _load(request: Load) -> Implementation:
    # Pytest and programs make modules importable. They come last, so they hide no library.
    sys.path += [place for place in request.path if place not in sys.path]
    subject = load(request.spec, **request.options.keywords())
    if request.loss is not None:
        subject = subject.with_loss(request.loss)
    check_travels(subject.loss.class_weights)
    return subject


def _answer(
    call: Call,
    subjects: dict[Loss | None, Implementation],
    blocks: HeldBlocks,
    written: Callable[[], str],
) -> Answer:
    """Call a function of the subject for a loss, and return what came of it.

    Every call is watched, so that nothing tells the subject which check calls it.
    """
    arguments = [blocks.array(view) for view in call.arguments]
    returned = not_supported = said = None
    changed: Mapping[str, str] = {}
    try:
        if call.loss not in subjects:
            assert call.loss is not None
            subjects[call.loss] = subjects[None].with_loss(call.loss)
        subject = subjects[call.loss]
        function = subject.functions[call.quantity] if call.quantity else subject.second_backward
        assert function is not None
        with warnings.catch_warnings(), np.errstate(**DEFAULT_ERRORS):
            warnings.simplefilter("ignore")
            with watched_state() as changed:
                answer = function(*arguments)
        returned = blocks.returned(answer)
    except NotImplementedError as error:
        not_supported = message_of(error)
    except BaseException as error:  # noqa: BLE001  # SystemExit and worse are not answers.
        said = f"raised {one_line(error)}"
    observed = subjects[None].observed
    return Answer(
        number=call.number,
        raised=said,
        not_supported=not_supported,
        returned=returned,
        reshaped=blocks.reshaped(arguments, call.arguments),
        written=written()[:_SAID],
        changed=dict(changed),
        observed=observed() if observed else (),
    )


def _weighed(request: Weigh, subject: Implementation) -> Answer:
    """Return the class weights of the loss that was loaded."""
    try:
        weights = subject.loss.weights(request.classes)
    except ValueError as error:  # It says what the subject's function raised.
        return Answer(number=request.number, raised=message_of(error))
    except BaseException as error:  # noqa: BLE001  # SystemExit and worse are no weights.
        return Answer(number=request.number, raised=f"class_weights raised {one_line(error)}")
    return Answer(number=request.number, weights=weights or ())


def main(requests: int, answers: int) -> None:
    """Serve until the parent ends."""
    pipes = _Pipes(requests, answers)
    _end_with_parent(requests)
    request = msgspec.json.decode(pipes.line(), type=Load)
    try:
        subject = _load(request)
    except SpecError as error:
        pipes.answer(Described(error=str(error)))
        return
    seed()  # A subject that draws random numbers draws the same ones in each run.
    _limit_memory(request.memory)
    pipes.answer(_described(subject))
    blocks = HeldBlocks()
    subjects: dict[Loss | None, Implementation] = {None: subject}
    with captured_output() as written:
        while True:
            _serve(pipes, subjects, blocks, written)


def _serve(
    pipes: _Pipes,
    subjects: dict[Loss | None, Implementation],
    blocks: HeldBlocks,
    written: Callable[[], str],
) -> None:
    """Answer the next request. It has a frame of its own, so that a call sees nothing of others."""
    call = _REQUESTS.decode(pipes.line())
    if isinstance(call, Weigh):
        pipes.answer(_weighed(call, subjects[None]))
        return
    blocks.forget(call.forgotten)
    blocks.take(call.blocks, pipes.data(size_of_data(call)))
    answer = _answer(call, subjects, blocks, written)
    changed = blocks.changed()
    pipes.answer(msgspec.structs.replace(answer, blocks=tuple(changed)), *changed.values())


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except BaseException:  # noqa: BLE001  # These must be its last words.
        traceback.print_exc()
        os._exit(1)  # The usual way would wait for what the subject has left running.
