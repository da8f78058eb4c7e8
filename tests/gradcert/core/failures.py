"""Why a call has no answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from gradcert.core.case import Case

__all__ = ["Broken", "Died", "NotCalled", "NotSupported", "Raised", "Unreachable", "shown_as"]


class Broken(Exception):
    """The implementation raised, or returned something that is not an answer.

    Attributes
    ----------
    shown_by
        Python expressions that show it, as those of ``Evidence``.
    case
        The case that they are about, if it is not the one that was drawn.
    second_backward
        Whether it was asked for a second backward of the same graph.
    """

    second_backward = False

    def __init__(
        self,
        message: str,
        shown_by: tuple[str, ...] = ("f(*args)",),
        case: Case | None = None,
    ) -> None:
        super().__init__(message)
        self.shown_by = shown_by
        self.case = case


class Raised(Broken):
    """The implementation raised an error."""


class Died(Broken):
    """The process of the implementation ended in the call, or took too long and was ended."""


class NotCalled(Died):
    """The implementation was not called, because calls before did not return."""


class Unreachable(Exception):
    """The machine cannot start or ask the process of the implementation: no fault of that."""


class NotSupported(Exception):
    """The implementation raised NotImplementedError."""


@contextmanager
def shown_as(how: str, expression: str, case: Case | None = None) -> Iterator[None]:
    """Raise a ``Broken`` of the block again, with how the implementation was called.

    The expression shows it.
    """
    try:
        yield
    except NotCalled:
        raise
    except Broken as broken:
        again = type(broken)(f"{broken}, {how}", (expression,), case)
        raise again from broken.__cause__
