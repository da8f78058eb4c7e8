"""The options that say what is certified, made from the one record that declares them."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Annotated, Any

import typer

from gradcert.cli.running import usage_error
from gradcert_implementations.options import Options

__all__ = ["takes_options"]


def _parameter(option: Field[Any]) -> inspect.Parameter:
    """Return the parameter that Typer turns into the option of a field."""
    told = typer.Option(
        f"--{option.metadata['option']}",
        metavar=option.metadata["metavar"],
        help=option.metadata["help"],
    )
    kind: Any = list[str] | None if option.default == () else str | None
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, told],
    )


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `options` of a command by an option for each field of ``Options``."""
    signature = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        given = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += map(_parameter, fields(Options)) if given.name == "options" else [given]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        chosen = {option.name: values.pop(option.name) for option in fields(Options)}
        try:
            options = Options(**{name: value for name, value in chosen.items() if value})
        except ValueError as error:
            usage_error(str(error))
        command(options=options, **values)

    wrapped.__dict__["__signature__"] = signature.replace(parameters=parameters)
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return wrapped
