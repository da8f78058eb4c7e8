"""The defaults of a project: the table ``[tool.gradcert]`` of the nearest ``pyproject.toml``.

Its keys are the long options of ``gradcert certify``, and each value means what it means on the
command line. A file without the table does not count, as for ruff and pytest.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from gradcert.cli.running import usage_error
from gradcert.cli.streams import say
from gradcert_implementations.names import known_name
from gradcert_implementations.options import SHORT, Options

__all__ = [
    "Defaults",
    "WithDefaults",
    "WithDefaultsAtFirst",
    "defaults_of_pytest",
    "left_by",
    "project_defaults",
]

_EFFORTS = {"quick", "thorough"}

_NOT_OF_THE_SUBJECT = {"jobs", "quiet"}


@dataclass(frozen=True)
class Defaults:
    """What a project says of its runs.

    Attributes
    ----------
    file
        The ``pyproject.toml``.
    values
        The values by the names of the command's parameters.
    """

    file: Path
    values: Mapping[str, Any]


def _table(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """Return the nearest table ``[tool.gradcert]``, upwards from a folder, with its file."""
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if not os.path.isfile(file):  # noqa: PTH113  # It is no error if that cannot be known.
            continue
        try:
            found = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"cannot read {file}: {error.strerror}") from error
        except ValueError as error:
            raise ValueError(f"{file} is not TOML: {error}") from error
        tool = found.get("tool", {})
        if isinstance(tool, dict) and "gradcert" in tool:
            if not isinstance(tool["gradcert"], dict):
                raise ValueError(f"{file}: tool.gradcert is no table; write [tool.gradcert]")
            return file, tool["gradcert"]
    return None


def _as_typed(key: str, value: Any, option: TyperOption) -> Any:
    """Return a value as the command line would pass it: a number as the text of it.

    Raises
    ------
    ValueError
        If it is of another type.
    """
    scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
    if option.is_flag:
        right, expected = isinstance(value, bool), "true or false"
    elif option.multiple:
        right = isinstance(value, list) and all(isinstance(one, str) for one in value)
        expected = "a list of texts"
    else:
        right, expected = scalar, "a number or a text"
    if not right:
        raise ValueError(f"{key} is {value!r}; expected {expected}")
    return str(value) if scalar else value


def left_by(typed: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults without what is typed in another way: as a field of the domain or alone.

    Parameters
    ----------
    typed
        The values that are typed, by the names of the parameters.
    defaults
        The values of the project.

    Examples
    --------
    >>> left_by({"domain": ["targets=index"]}, {"targets": "any", "seed": "7"})
    {'seed': '7'}
    >>> left_by({"targets": "any"}, {"domain": ["targets=index", "classes=5"]})
    {'domain': ['classes=5']}
    """
    fields_typed = {item.partition("=")[0] for item in typed.get("domain") or ()}
    left = {name: value for name, value in defaults.items() if name not in fields_typed}
    if "domain" in left:
        again = tuple(f"{name}=" for name in SHORT if typed.get(name))
        left["domain"] = [item for item in left["domain"] if not item.startswith(again)]
    return left


def project_defaults(options: Iterable[Any], folder: Path) -> Defaults | None:
    """Return the defaults of the project that a folder is in; None if it says none.

    Parameters
    ----------
    options
        The parameters of ``gradcert certify``.
    folder
        Where the search for the file begins; it goes upwards.

    Raises
    ------
    ValueError
        If the file cannot be read, and for a key, a type or a name that is not known, in one line
        that names the file.
    """
    found = _table(folder)
    if found is None:
        return None
    file, table = found
    known = {
        name.removeprefix("--"): option
        for option in options
        if isinstance(option, TyperOption)
        for name in option.opts
        if name.startswith("--")
    }
    try:
        values = {}
        for key, value in table.items():
            option = known[known_name("option", key, tuple(known))]
            values[str(option.name)] = _as_typed(key, value, option)
        Options(**{one.name: values[one.name] for one in fields(Options) if one.name in values})
    except ValueError as error:
        raise ValueError(f"{file}, [tool.gradcert]: {error}") from error
    return Defaults(file, values)


def defaults_of_pytest(folder: Path) -> Defaults | None:
    """Return the defaults of the project for the plugin of pytest, which has no command of ours.

    Raises
    ------
    ValueError
        As :func:`project_defaults`, and for a number of examples that is none.
    """
    from gradcert.cli import main

    command = typer.main.get_command(main)
    assert isinstance(command, TyperGroup)
    certify = command.commands["certify"]
    found = project_defaults(certify.params, folder)
    if found is None or "max_examples" not in found.values:
        return found
    number = found.values["max_examples"]
    if not number.isdecimal() or int(number) < 1:
        raise ValueError(
            f"{found.file}, [tool.gradcert]: max-examples is {number}; expected a positive integer"
        )
    return Defaults(found.file, {**found.values, "max_examples": int(number)})


def _found(context: typer.Context) -> Defaults | None:
    """Return the defaults for a command, read from the options of ``gradcert certify``."""
    group = context.parent.command if context.parent else None
    assert isinstance(group, TyperGroup)
    try:
        return project_defaults(group.commands["certify"].params, Path.cwd())
    except FileNotFoundError:  # There is no working directory.
        return None
    except ValueError as error:
        usage_error(str(error))


class WithDefaults(TyperCommand):
    """A command whose options have the defaults of the project. What is typed wins."""

    def parse_args(self, context: Any, arguments: list[str]) -> list[str]:
        """Parse the arguments, and say which defaults of the project count."""
        asks_for_help = not {*context.help_option_names}.isdisjoint(arguments)
        found = None if asks_for_help or context.resilient_parsing else _found(context)
        if found is None:
            return super().parse_args(context, arguments)
        context.default_map = {
            name: value for name, value in found.values.items() if self._takes(name, value)
        }
        try:
            rest = super().parse_args(context, arguments)
        except typer.BadParameter as error:
            name = error.param.name if error.param else None
            if name is None or not self._is_default(context, name):
                raise
            usage_error(f"{found.file}, [tool.gradcert]: {error.format_message()}")
        names = [str(one.name) for one in self.params]
        defaults = {name for name in names if self._is_default(context, name)}
        forgotten = self._forgotten(context, defaults)
        context.params |= {one.name: one.default for one in self.params if one.name in forgotten}
        defaults -= forgotten
        values = {name: context.params[name] for name in defaults}
        left = left_by(
            {name: value for name, value in context.params.items() if name not in defaults}, values
        )
        context.params |= dict.fromkeys(defaults, None) | left
        defaults &= left.keys()
        if all(context.params.get(name) for name in _EFFORTS):
            # A project is quick, and the run is thorough, or the other way round.
            forgotten = defaults & _EFFORTS
            if forgotten != _EFFORTS:
                context.params |= dict.fromkeys(forgotten, False)
                defaults -= forgotten
        used = [one.opts[0] for one in self.params if one.name in defaults]
        if used and not context.params.get("quiet"):
            say(f"gradcert: defaults of {found.file}: {', '.join(used)}")
        return rest

    def _takes(self, name: str, value: Any) -> bool:
        """Return whether an option of this name is a flag here if and only if it is one there."""
        named = (one for one in self.params if isinstance(one, TyperOption) and one.name == name)
        return any(one.is_flag == isinstance(value, bool) for one in named)

    def _forgotten(self, _: typer.Context, __: set[str]) -> set[str]:
        """Return which of the defaults do not count."""
        return set()

    @staticmethod
    def _is_default(context: Any, name: str) -> bool:
        source = context.get_parameter_source(name)
        return source is not None and source.name == "DEFAULT_MAP"


class WithDefaultsAtFirst(WithDefaults):
    """A command that begins what SPEC names, or goes on with it where SPEC is left out.

    What goes on has its options already. So only those defaults count that are not about it.
    """

    def _forgotten(self, context: typer.Context, defaults: set[str]) -> set[str]:
        return set() if context.params["spec"] else defaults - _NOT_OF_THE_SUBJECT
