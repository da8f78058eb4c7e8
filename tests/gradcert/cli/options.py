"""The options that several commands share, and those that are made from the record of options."""

import functools
import inspect
import secrets
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from gradcert.cli.running import usage_error
from gradcert.cli.streams import say
from gradcert_implementations.options import Options

if TYPE_CHECKING:
    from gradcert.core.limits import Limits
    from gradcert.core.settings import Effort

__all__ = [
    "MaxExamples",
    "MemoryLimit",
    "Quick",
    "Quiet",
    "ReportFolder",
    "Seed",
    "Thorough",
    "TimeLimit",
    "effort_of",
    "folder",
    "limits_of",
    "seed",
    "takes_options",
]


def folder(text: str) -> Path:
    """Return an absolute path from the command line: a subject may change the working directory.

    An empty one (an unset shell variable) is an error, and so is the sign for standard output.
    """
    if text == "-":
        usage_error(
            "- is no folder, and several files do not fit on standard output: name a folder; "
            "gradcert certify --json prints the certificate"
        )
    if not text:
        raise typer.BadParameter("it is empty; expected the name of a folder")
    try:
        return Path(text).absolute()
    except OSError as error:
        raise typer.BadParameter(f"there is no working directory: {error.strerror}") from error


def seed(text: str) -> int:
    """Return the seed of a run: an integer, or one that is drawn and said."""
    if text == "random":
        drawn = secrets.randbits(48)  # JSON numbers are exact up to 53 bits.
        say(f"seed {drawn}")
        return drawn
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise typer.BadParameter(f"{text!r} is no seed; expected an integer from 0 up, or random")
    return number


MaxExamples: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Draw N cases a check at most, beside the plan of cases.",
    ),
]

Seed: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N",
        parser=seed,
        help="The same seed gives the same verdicts and counterexamples. 'random' draws a new "
        "one and prints it, so that no implementation can know the cases before.",
    ),
]

Quick: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quick", help="Try a small part of the plan of cases, and a quarter of the drawn cases."
    ),
]

Thorough: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--thorough", help="Try all of the plan on every claim, and ten times the drawn cases."
    ),
]

Quiet: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quiet", help="Show no progress, and no table. Print what is wrong, and what was written."
    ),
]

ReportFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", parser=folder, help="Write a report into this folder: index.html and more."
    ),
]

TimeLimit: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        metavar="SECONDS",
        help="Seconds allowed per call (default 60); implies --isolate.",
    ),
]

MemoryLimit: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        metavar="GIB",
        help="GiB of memory that the process may use (default 4); implies --isolate.",
    ),
]


def limits_of(
    *, isolate: bool, time_limit: float | None, memory_limit: float | None
) -> "Limits | None":
    """Return the limits that the options choose; None if nothing is isolated.

    A limit that is none is a usage error.
    """
    from gradcert.core.limits import Limits, memory_can_be_limited

    isolated = isolate or time_limit is not None or memory_limit is not None
    if isolated and not memory_can_be_limited():
        say("gradcert: this system cannot limit memory, so only the time is limited")
    try:
        limits = Limits(
            seconds=time_limit or Limits.seconds, gigabytes=memory_limit or Limits.gigabytes
        )
    except ValueError as error:
        usage_error(f"--time-limit or --memory-limit: {error}")
    return limits if isolated else None


def effort_of(*, quick: bool, thorough: bool) -> "Effort":
    """Return the effort that the flags choose. Both together are a usage error."""
    from gradcert.core.settings import Effort

    try:
        return Effort.flagged(quick=quick, thorough=thorough)
    except ValueError as error:
        usage_error(str(error))


def _parameter(option: Field[Any]) -> inspect.Parameter:
    """Return the parameter that Typer turns into the option of a field."""
    declared = typer.Option(
        f"--{option.metadata['option']}",
        metavar=option.metadata["metavar"],
        help=option.metadata["help"],
    )
    kind: Any = list[str] | None if option.default == () else str | None
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, declared],
    )


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `options` of a command by an option for each field of ``Options``.

    Typer reads the options of a command from its signature, so the command that is returned has a
    signature with a parameter for each field. It makes the record from the values, and ends in a
    usage error where that fails.
    """
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        given = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += map(_parameter, fields(Options)) if given.name == "options" else [given]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        chosen = {option.name: values.pop(option.name) for option in fields(Options)}
        # Typer passes None, or in some versions an empty list, for an option that is not given.
        given = {name: value for name, value in chosen.items() if value not in (None, [])}
        try:
            options = Options(**given)
        except ValueError as error:
            usage_error(str(error))
        command(options=options, **values)

    wrapped.__dict__["__signature__"] = signature.replace(parameters=parameters)
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return wrapped
