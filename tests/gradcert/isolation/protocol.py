"""The messages between this process and the child that runs an isolated implementation.

Each message is one line of JSON, and then the bytes of the memory blocks that the line names. The
implementation can write into both pipes, so that nothing here is a pickle, and whoever reads a
message checks it.
"""

from typing import Annotated, Any

import msgspec

from gradcert_implementations import (
    Adapted,
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

__all__ = [
    "Answer",
    "Block",
    "Call",
    "Described",
    "Load",
    "Returned",
    "View",
    "Weigh",
    "check_travels",
    "size_of_data",
]

_Length = Annotated[int, msgspec.Meta(ge=0)]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """The first request: what to load.

    Attributes
    ----------
    spec, options
        The arguments of :func:`gradcert.load`.
    loss
        The loss that its functions compute, in place of what the SPEC declares; None to keep that.
    memory
        Bytes that the process may allocate in addition once all is loaded; None for any number.
    path
        Where Python looks for modules, in the process that asks.
    """

    spec: str
    options: Options
    loss: Loss | None
    memory: int | None
    path: tuple[str, ...]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to the first request: an implementation without its functions.

    Attributes
    ----------
    loss
        The fields of its loss. It is no :class:`Loss`, because making one loads what a text for its
        class weights names.
    reloading
        What :func:`gradcert_implementations.reloading` returns.
    """

    error: str = ""
    name: str = ""
    quantities: tuple[QuantityName, ...] = ()
    formats: tuple[FormatName, ...] = ()
    loss: dict[str, Any] = {}
    domain: Domain = msgspec.field(default_factory=Domain)
    reloading: dict[str, Any] = {}
    filled_in: tuple[Given, ...] = ()
    at_least: LevelName | None = None
    summary: str = ""
    origin: str = ""
    adapted: Adapted = Adapted.NOTHING
    library: str = ""
    device: str = ""
    compiles_per_shape: bool = False
    strides: Strides = Strides.ANY
    takes_upstream: bool = False
    takes_outputs: bool = False
    has_second_backward: bool = False


class Block(msgspec.Struct, frozen=True):
    """A block of memory that both processes have, and whose bytes follow the line."""

    number: int
    size: _Length


class View(msgspec.Struct, frozen=True, kw_only=True):
    """An array in a block of memory; its numbers are packed if it has no strides."""

    block: int
    dtype: str
    shape: tuple[_Length, ...]
    strides: tuple[int, ...] | None
    offset: _Length
    writeable: bool


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """A further request: to call a function.

    Attributes
    ----------
    number
        The answer repeats it.
    quantity
        Whose function is called; None for the second backward.
    loss
        The loss that it is of; None for the one that was loaded.
    arguments
        What it is called with.
    blocks
        The memory that the arguments lie in.
    forgotten
        The blocks that this process does not have any more.
    """

    number: int
    quantity: QuantityName | None
    loss: Loss | None
    arguments: tuple[View, ...]
    blocks: tuple[Block, ...]
    forgotten: tuple[int, ...]


class Weigh(msgspec.Struct, frozen=True, kw_only=True, tag="weigh"):
    """A further request: to compute the class weights of this many classes.

    Attributes
    ----------
    number
        The answer repeats it.
    classes
        How many.
    """

    number: int
    classes: int


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a function returned.

    Attributes
    ----------
    type
        The name of its type.
    view
        The array; of a scalar of numpy an array of no axes. None for anything else.
    """

    type: str
    view: View | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a call.

    Attributes
    ----------
    number
        That of the call.
    raised, not_supported
        What the function raised, in words; or the message with which it said that it does not
        support the call.
    returned
        What it returned, if it raised nothing.
    reshaped
        The arguments as they are after the call, if it changed the shape, the dtype or the flags of
        one of them.
    blocks
        The memory that has changed since the child sent it last: arguments that the call wrote
        into, answers of earlier calls, and the new answer.
    written, changed
        What the call wrote to standard output, and the settings of its process that it changed,
        each with the Python that shows it. They are put back.
    observed
        What the calls have shown of the implementation, as phrases for its certificate.
    weights
        The class weights, if they were asked for.
    """

    number: int
    raised: str | None = None
    not_supported: str | None = None
    returned: Returned | None = None
    reshaped: tuple[View, ...] = ()
    blocks: tuple[Block, ...] = ()
    written: str = ""
    changed: dict[str, str] = {}
    observed: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()


def check_travels(weights: object) -> None:
    """Raise SpecError for class weights that another process cannot be given.

    A function travels by the SPEC that loads it.
    """
    if callable(weights) and not isinstance(weights, NamedWeights):
        raise SpecError(
            "class_weights is a function without a public name, which another process cannot "
            "load: give it as 'my.py:weights'"
        )


def size_of_data(message: Call | Answer) -> int:
    """Return how many bytes follow the line of a message."""
    return sum(block.size for block in message.blocks)
