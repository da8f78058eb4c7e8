"""Importing the module or the file that a SPEC names. Every failure is one line."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcert_implementations.catalogue import LIBRARIES
from gradcert_implementations.names import printable

__all__ = ["SpecError", "imported_module", "imported_object", "one_line"]

_EXTRAS = {"torch", "jax", "scipy"}


class SpecError(ValueError):
    """A SPEC or an option that leaves nothing to certify. The message is one line."""


def one_line(error: BaseException) -> str:
    """Return the type and the message of an error in one line."""
    return printable(f"{type(error).__name__}: {error}")


def _importable_from(folder: Path) -> None:
    """Let a subject import its neighbours. They come last on the path, so they hide no library."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def imported_module(module: str, spec: str) -> ModuleType:
    """Import a module that a SPEC needs; raise :class:`SpecError` if that fails."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
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
        raise SpecError(f"{spec!r} does not import: {one_line(error)}") from error
    except (Exception, SystemExit) as error:
        raise SpecError(f"{spec!r} does not import: {one_line(error)}") from error


def _import_file(path: Path, spec: str) -> ModuleType:
    if not path.is_file():
        raise SpecError(f"{spec!r}: there is no file {path}")
    import hashlib  # Slow to import; --help does not need it.

    # sys.modules keeps two files called kernels.py apart, and two versions of one file.
    source = path.read_bytes()
    digest = hashlib.sha256(str(path.resolve()).encode() + source).hexdigest()
    name = f"{path.stem}_{digest[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    module_spec = importlib.util.spec_from_file_location(name, path)
    if module_spec is None:
        raise SpecError(f"{spec!r}: {path} is not a Python file")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    try:
        # The file's loader could run bytecode left by another version saved in the same second.
        code = compile(source, module_spec.origin or path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise SpecError(f"{spec!r} does not import: {one_line(error)}") from error
    return module


def imported_object(place: str, attribute: str, spec: str) -> Any:
    """Return an attribute of a module or a file; raise :class:`SpecError` if there is none."""
    is_file = place.endswith(".py") or "/" in place
    _importable_from(Path(place).parent.resolve() if is_file else Path.cwd())
    module = _import_file(Path(place), spec) if is_file else imported_module(place, spec)
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise SpecError(f"{spec!r}: {place} has no attribute {attribute!r}") from error
