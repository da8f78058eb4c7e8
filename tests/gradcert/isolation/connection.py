"""The connection to a child: its functions, as functions of this process."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gradcert.core.failures import Broken, Died, NotCalled, NotSupported, Raised, Unreachable
from gradcert.core.limits import Limits
from gradcert.core.state.watching import Watched
from gradcert.isolation.blocks import LentBlocks
from gradcert.isolation.process import Process, Timeout
from gradcert.isolation.protocol import Answer, Block, Call, Described, Load, Returned, Weigh
from gradcert.isolation.views import reshape
from gradcert_implementations import (
    Array,
    Function,
    Loss,
    NamedWeights,
    QuantityName,
    one_line,
    printable,
)

__all__ = ["Connection", "WeightsOfChild"]

_HANGS = 2
"""Calls of a function in a format that may take too long. No other call of it is tried then."""


_FAULTS = (OSError, MemoryError, RuntimeError)
"""What the system raises where it has no files, memory, processes or threads for us."""


@dataclass(frozen=True)
class _Kind:
    """The calls that a limit counts together."""

    quantity: QuantityName | None
    dtype: np.dtype[Any]


class Connection:
    """A child that runs the functions of a subject. It is started when it is needed.

    Parameters
    ----------
    request
        What it loads.
    limits
        The time and the memory that it may use.
    has_loaded
        Whether a child has loaded it before.
    """

    def __init__(self, request: Load, limits: Limits, *, has_loaded: bool = False) -> None:
        self._request, self._limits, self._has_loaded = request, limits, has_loaded
        self._process: Process | None = None
        self._blocks = LentBlocks()
        self._calls = 0
        self._hangs: Counter[_Kind] = Counter()
        self._observed: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(Connection, has_loaded=self._has_loaded)
        return made, (self._request, self._limits)

    def functions_for(
        self, quantities: Sequence[QuantityName], loss: Loss | None
    ) -> Mapping[QuantityName, Function]:
        """Return the functions for a loss; for the loss that was loaded if it is None."""
        return {quantity: _Remote(self, quantity, loss) for quantity in quantities}

    def second_backward_for(self, loss: Loss | None) -> Function:
        """Return the second backward for a loss; for the loss that was loaded if it is None."""
        return _Remote(self, None, loss)

    def observations(self) -> tuple[str, ...]:
        """Return what the calls have shown of the implementation, as phrases."""
        return self._observed

    def end(self) -> None:
        """End the child, if one runs."""
        if self._process is not None:
            self._process.end()
        self._process = None

    def describe(self) -> Described:
        """Start the child, and return what it has loaded.

        Raises
        ------
        Died
            If there is no answer.
        Unreachable
            If the system starts no process.
        """
        try:
            self._process, self._blocks = Process(self._limits), LentBlocks()
        except _FAULTS as error:
            raise Unreachable(f"no process can be started for it: {error}") from error
        try:
            described = self._process.load(self._request)
        except BaseException:
            self.end()
            raise
        self._has_loaded = self._has_loaded or not described.error
        return described

    def call(self, function: "_Remote", arguments: Sequence[Array]) -> Watched:
        """Call a function on exactly these arrays.

        What the call writes into them is written into them here, too, and what it writes into the
        answer of an earlier call.

        Parameters
        ----------
        function
            What is called.
        arguments
            The arrays.

        Raises
        ------
        Died
            If the child ends, or does not answer within the time limit.
        NotCalled
            If two calls before did not return.
        Raised
            If the function raises an error.
        NotSupported
            If it raises NotImplementedError.
        Unreachable
            If the machine cannot start the process, or ask it.
        """
        kind = _Kind(function.quantity, arguments[0].dtype)
        if self._hangs[kind] >= _HANGS:
            raise NotCalled(
                f"was not called again: {_HANGS} calls did not return within "
                f"{self._limits.seconds:g} s"
            )
        try:
            with self._running():
                answer, returned = self._exchange(function, arguments)
        except Timeout:
            self._hangs[kind] += 1
            raise
        self._observed = answer.observed
        if answer.not_supported is not None:
            raise NotSupported(answer.not_supported)
        if answer.raised is not None:
            raise Raised(answer.raised)
        return Watched(returned, answer.written, answer.changed)

    def weights(self, classes: int) -> tuple[float, ...]:
        """Return the class weights of the loss that was loaded.

        Raises
        ------
        Died
            If there is no answer.
        Broken
            If the subject's function raises an error.
        """
        self._calls += 1
        with self._running() as process:
            answer, _ = process.ask(Weigh(number=self._calls, classes=classes))
        if answer.raised is not None:
            raise Broken(answer.raised)
        return answer.weights

    @contextmanager
    def _running(self) -> Iterator[Process]:
        """Start the child if none runs, and end it if it does not answer."""
        try:
            if self._process is None:
                described = self.describe()
                if described.error:
                    if not self._has_loaded:
                        raise Unreachable(
                            f"a process of its own does not load it: {described.error}"
                        )
                    raise Died(f"did not load again: {described.error}")
            assert self._process is not None
            yield self._process
        except _FAULTS as error:
            self.end()
            raise Unreachable(f"its process cannot be asked: {one_line(error)}") from error
        except BaseException:  # Also an interrupt: the answer would be that of the next call.
            self.end()
            raise

    def _exchange(self, function: "_Remote", arguments: Sequence[Array]) -> tuple[Answer, object]:
        assert self._process is not None
        self._calls += 1
        forgotten = self._blocks.take_forgotten()
        views = tuple(map(self._blocks.lend, arguments))
        contents = {
            number: self._blocks.content(number) for number in {view.block for view in views}
        }
        request = Call(
            number=self._calls,
            quantity=function.quantity,
            loss=_loss_of_child(function.loss),
            arguments=views,
            blocks=tuple(Block(number, len(data)) for number, data in contents.items()),
            forgotten=forgotten,
        )
        answer, data = self._process.ask(request, b"".join(contents.values()))
        found = answer.returned or Returned(type="", view=None)
        forms = [(argument.dtype, argument.shape) for argument in arguments]
        try:
            array = self._blocks.receive(answer.blocks, data, found.view)
            for argument, view in zip(arguments, answer.reshaped, strict=False):
                reshape(argument, view)
        except (LookupError, TypeError, ValueError, OverflowError):
            for argument, (dtype, shape) in zip(arguments, forms, strict=True):
                argument.dtype = dtype  # type: ignore[misc]
                argument.shape = shape
            raise Died("wrote into the channel of its answers") from None
        if array is None:
            # An object of a class of the same name: a message says what was returned.
            return answer, type(printable(found.type), (), {})()
        return answer, array if type(array).__name__ == found.type else array[()]


@dataclass(frozen=True, eq=False)
class WeightsOfChild(NamedWeights):
    """Class weights from a function of the subject, which only the child loads.

    Attributes
    ----------
    connection
        The child.
    """

    connection: Connection

    def __call__(self, classes: int) -> tuple[float, ...]:
        """Return what the function returns."""
        return self.connection.weights(classes)


def _loss_of_child(loss: Loss | None) -> Loss | None:
    """Return the loss as the child loads it."""
    if loss is None or not isinstance(loss.class_weights, WeightsOfChild):
        return loss
    return replace(loss, class_weights=NamedWeights(loss.class_weights.spec))


@dataclass(frozen=True)
class _Remote:
    """A function of an isolated subject, called in its child.

    Attributes
    ----------
    connection
        The child.
    quantity
        Whose function it is; None for the second backward.
    loss
        The loss that it is of; None for the one that was loaded.
    """

    connection: Connection
    quantity: QuantityName | None
    loss: Loss | None

    def __call__(self, *arguments: Array) -> Any:
        """Return what the function returns."""
        return self.connection.call(self, arguments).returned

    def watched(self, *arguments: Array) -> Watched:
        """Return what the function returns, and what the call left behind."""
        return self.connection.call(self, arguments)
