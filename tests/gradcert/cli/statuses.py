"""The exit statuses of the command line: each has one meaning, which ``gradcert --help`` prints."""

from enum import IntEnum

__all__ = ["Status", "rule"]


class Status(IntEnum):
    """An exit status, with its meaning in words.

    Examples
    --------
    >>> Status.INCOMPLETE == 3, Status.UNPRINTED.meaning
    (True, 'standard output is closed or full; the report is written')
    """

    meaning: str

    CONFORMS = 0, "all is as it must be, and that was printed and written"
    WRONG = 1, "something is refuted, broken or not supported, or worse than it may be"
    USAGE = 2, "a usage error, a file that cannot be read or written, or no memory"
    INCOMPLETE = 3, "the run could not go on to its end, and nothing wrong was found"
    UNPRINTED = 4, "standard output is closed or full; the report is written"
    FAULT = 5, "gradcert itself failed, or the implementation changed Python or numpy"
    INTERRUPTED = 130, "Ctrl-C or SIGTERM"

    def __new__(cls, number: int, meaning: str) -> "Status":
        """Make a status that equals its number."""
        status = int.__new__(cls, number)
        status._value_, status.meaning = number, meaning
        return status


def rule() -> str:
    """Return the rule for all commands: a line for each status."""
    return "\n".join(f"  {status:>3}  {status.meaning}" for status in Status)
