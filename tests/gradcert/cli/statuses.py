"""The exit statuses of the command line: each has one meaning."""

from enum import IntEnum

__all__ = ["Status"]


class Status(IntEnum):
    """An exit status.

    ``CONFORMS``: all is as it must be, and that was printed and written. ``WRONG``: an
    implementation is refuted, broken or not supported, a report got worse, or tests let more wrong
    gradients through than they may. ``USAGE``: a usage error, or a report that cannot be read or
    written. ``INCOMPLETE``: the time budget is used up, or a search has no workers any more, and
    nothing was found to be wrong.
    ``UNPRINTED``: standard output is closed or full. ``FAULT``: gradcert itself failed.
    ``INTERRUPTED``: Ctrl-C or SIGTERM, as shells report it.
    """

    CONFORMS = 0
    WRONG = 1
    USAGE = 2
    INCOMPLETE = 3
    UNPRINTED = 4
    FAULT = 5
    INTERRUPTED = 130
