"""What a call raised, in words. It imports no oracle, so that the process of a subject has none."""

from gradcert_implementations.names import printable

__all__ = ["message_of", "raised"]

_LONGEST = 300
"""Characters of an error's message that are kept."""


def message_of(error: BaseException) -> str:
    """Return the message of an error in one printable line."""
    try:
        message = str(error)
    except Exception as another:  # noqa: BLE001  # It is the subject's, and may do anything.
        message = f"(its message raises {type(another).__name__})"
    return printable(message)[:_LONGEST]


def raised(error: BaseException) -> str:
    """Return which error a call raised, in one printable line.

    Examples
    --------
    >>> raised(ValueError("no rows"))
    'raised ValueError: no rows'
    """
    return f"raised {printable(type(error).__name__)}: {message_of(error)}".removesuffix(": ")
