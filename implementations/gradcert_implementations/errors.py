"""What an error of a subject says, whatever its class and its message do when they are asked."""

from gradcert_implementations.names import printable

__all__ = ["message_of", "one_line", "type_name"]

_LONGEST = 300
"""Characters of a message that are kept."""


def type_name(value: object) -> str:
    """Return the name of the type of a value, in one printable line.

    It is the name that the class was made with, even where the class has another ``__name__``.

    Returns
    -------
    A printable text.

    Examples
    --------
    >>> type_name(0.5)
    'float'
    """
    name: str = type.__dict__["__name__"].__get__(type(value))
    return printable(name)[:_LONGEST]


def message_of(error: BaseException) -> str:
    """Return the message of an error in one printable line, cut after 300 characters.

    Returns
    -------
    A printable text, empty if the error has no message.

    Examples
    --------
    >>> message_of(RuntimeError("two", "parts"))
    "('two', 'parts')"
    """
    try:
        return printable(str(error)[: 10 * _LONGEST])[:_LONGEST]
    except BaseException as another:  # noqa: BLE001  # It is the subject's, and may do anything.
        return f"(its message raises {type_name(another)})"


def one_line(error: BaseException) -> str:
    r"""Return the type and the message of an error in one line.

    Returns
    -------
    A printable text, ``Type: message``, or the type alone.

    Examples
    --------
    >>> one_line(ValueError("first line\nsecond line")), one_line(KeyError())
    ('ValueError: first line second line', 'KeyError')
    """
    return f"{type_name(error)}: {message_of(error)}".removesuffix(": ")
