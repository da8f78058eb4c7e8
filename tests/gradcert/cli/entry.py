"""The entry point: around every command, what makes an exit status mean what it says."""

import errno
import sys
import traceback
from typing import Any, NoReturn

import typer

from gradcert.cli.statuses import Status
from gradcert.cli.streams import cannot_print, flushed, ready, say
from gradcert_implementations.errors import one_line

__all__ = ["Application"]


def _last(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the place that raised an error, if any did."""
    return traceback.extract_tb(error.__traceback__)[-1:]


def _fault(error: BaseException) -> Status:
    """Say in one line that gradcert failed, and where. In Python's developer mode, say it all."""
    if sys.flags.dev_mode:
        traceback.print_exception(error)
    where = "".join(f" ({one.filename}:{one.lineno})" for one in _last(error))
    say(
        f"gradcert: failed with {one_line(error)}{where}. An "
        "implementation that changes Python or numpy can cause that: try --isolate. If yours does "
        "not, please run it again with PYTHONDEVMODE=1 and report what it prints"
    )
    return Status.FAULT


class Application(typer.Typer):
    """The commands, called so that none ends with a traceback or a status by accident."""

    def __call__(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run a command, and end the process with its status."""
        ready()
        try:
            super().__call__(*arguments, **options)
            # A command ends by SystemExit, unless a subject has replaced sys.exit.
            status: Any = _fault(RuntimeError("the command ended without a status"))
        except SystemExit as ended:
            status = ended.code
        except MemoryError:
            say("gradcert: there is not enough memory: fewer jobs, rows or classes need less")
            status = Status.USAGE
        except OSError as error:
            # The help is printed by Typer.
            unprinted = error.errno in (errno.ENOSPC, errno.EPIPE) and error.filename is None
            status = cannot_print(error) if unprinted else _fault(error)
        except BaseException as error:  # noqa: BLE001  # A traceback would end with status 1.
            status = _fault(error)
        raise SystemExit(status if flushed() else Status.UNPRINTED)
