"""Importing the object that a SPEC names, or calls with literals. Every failure is one line."""

import ast
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcert_implementations.catalogue import LIBRARIES, PARSING
from gradcert_implementations.errors import one_line
from gradcert_implementations.names import did_you_mean

__all__ = ["Named", "SpecError", "imported_module", "imported_object", "named", "or_spec_error"]

_EXTRAS = {"torch", "jax", "scipy"}


_CALL = re.compile(r"(?P<place>.+?):(?P<attribute>[^\W\d]\w*)\((?P<arguments>.*)\)", re.DOTALL)
"""A place, an attribute and what stands in the brackets behind it."""


class SpecError(ValueError):
    """A SPEC or an option that leaves nothing to certify. The message is one line."""


@contextmanager
def or_spec_error(what: str) -> Iterator[None]:
    """Raise :class:`SpecError` in place of whatever the block raises, with `what` before it.

    pytest's ``importorskip`` raises what is no ``Exception``, for example. Ctrl-C stays what it is.
    """
    try:
        yield
    except (SpecError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise SpecError(f"{what}: {one_line(error)}") from error


def _importable_from(folder: Path) -> None:
    """Let a subject import its neighbours. They come last on the path, so they hide no library."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def imported_module(module: str, spec: str) -> ModuleType:
    """Import a module that a SPEC needs; raise :class:`SpecError` if that fails."""
    try:
        with or_spec_error(f"{spec!r} does not import"):
            return importlib.import_module(module)
    except SpecError as failed:
        error = failed.__cause__
        if not isinstance(error, ModuleNotFoundError):
            raise
        missing = error.name or ""
        extra = spec if spec in LIBRARIES else missing
        if spec in LIBRARIES or missing in _EXTRAS:
            raise SpecError(
                f"{spec!r} needs {missing}, which is not installed: pip install 'gradcert[{extra}]'"
            ) from error
        if module == missing or module.startswith(missing + "."):
            raise SpecError(
                f"{spec!r}: there is no module {missing!r}; for a file write path/to/file.py:name"
            ) from error
        raise


def _import_file(path: Path, spec: str) -> ModuleType:
    if not path.is_file():
        raise SpecError(f"{spec!r}: there is no file {path} in {Path.cwd()}")
    import hashlib  # Slow to import; --help does not need it.

    # sys.modules keeps two files called kernels.py apart, and two versions of one file.
    source = path.read_bytes()
    digest = hashlib.sha256(os.fsencode(path.resolve()) + source).hexdigest()
    name = f"{path.stem}_{digest[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    module_spec = importlib.util.spec_from_file_location(name, path)
    if module_spec is None:
        raise SpecError(f"{spec!r}: {path} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    try:
        # The file's loader could run bytecode left by another version saved in the same second.
        code = compile(source, module_spec.origin or path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@dataclass(frozen=True)
class Named:
    """What a SPEC names.

    Attributes
    ----------
    place
        A file or a module.
    attribute
        Its attribute.
    arguments
        The text in the brackets of a call; None if the attribute is not called.
    """

    place: str
    attribute: str
    arguments: str | None = None


def named(text: str) -> Named:
    """Return what ``place:attribute`` or ``place:attribute(literals)`` names.

    Examples
    --------
    >>> named("torch.nn:CrossEntropyLoss(label_smoothing=0.1)")
    Named(place='torch.nn', attribute='CrossEntropyLoss', arguments='label_smoothing=0.1')
    >>> named("my (old) kernels/ce.py:gradient")
    Named(place='my (old) kernels/ce.py', attribute='gradient', arguments=None)
    """
    called = _CALL.fullmatch(text)
    if called is not None:
        return Named(**called.groupdict())
    place, _, attribute = text.rpartition(":")
    return Named(place, attribute)


def _called(function: Any, about: Named, spec: str) -> Any:
    """Return what a call with literals returns. Nothing in the brackets is evaluated."""
    shown = f"{about.attribute}({about.arguments})"
    try:
        with PARSING:
            call = ast.parse(shown, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError
        positional = [ast.literal_eval(given) for given in call.args]
        if any(given.arg is None for given in call.keywords):
            raise ValueError
        keywords = {str(given.arg): ast.literal_eval(given.value) for given in call.keywords}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise SpecError(
            f"{spec!r}: {about.arguments!r} is more than literals; expected numbers, texts, True, "
            "False, None and lists of these, such as (label_smoothing=0.1, ignore_index=0)"
        ) from None
    with or_spec_error(f"{spec!r} cannot be called with these arguments"):
        return function(*positional, **keywords)


def imported_object(about: Named, spec: str) -> Any:
    """Return what is named in a module or a file, or what it returns when it is called.

    Parameters
    ----------
    about
        What is named.
    spec
        The SPEC that the user wrote, for messages.

    Raises
    ------
    SpecError
        If there is no such place or attribute, if the brackets of a call hold more than literals,
        and if the call raises something.
    """
    place, attribute = about.place, about.attribute
    if "(" in attribute:
        raise SpecError(f"{spec!r}: the brackets of the call are not closed; end it with )")
    is_file = place.endswith(".py") or "/" in place
    with or_spec_error(f"{spec!r} does not import"):
        _importable_from(Path(place).parent.resolve() if is_file else Path.cwd())
        module = _import_file(Path(place), spec) if is_file else imported_module(place, spec)
        try:
            found = getattr(module, attribute)
        except AttributeError as error:
            raise SpecError(
                f"{spec!r}: {place} has no attribute {attribute!r}; "
                f"{did_you_mean(attribute, vars(module))}name what it defines"
            ) from error
    return found if about.arguments is None else _called(found, about, spec)
