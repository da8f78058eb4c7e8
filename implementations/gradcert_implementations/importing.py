"""What a SPEC names is imported here, and every way in which that fails is one line."""

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcert_implementations.catalogue import LIBRARIES

__all__ = ["SpecError", "imported_module", "imported_object", "one_line"]

_EXTRAS = {"torch", "jax", "scipy"}


class SpecError(ValueError):
    """A SPEC, or a selection, that names nothing to certify. The message is one line."""


def one_line(error: BaseException) -> str:
    """Return what an error is and says."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _importable_from(folder: Path) -> None:
    """Let a subject import what lies beside it; last, so that it hides no library."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def imported_module(module: str, spec: str) -> ModuleType:
    """Import a module that a SPEC needs, or raise :class:`SpecError`."""
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
    # A name of its own: two files called kernels.py do not meet in sys.modules, nor two versions.
    source = path.read_bytes()
    digest = hashlib.sha256(str(path.resolve()).encode() + source).hexdigest()
    name = f"{path.stem}_{digest[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    found = importlib.util.spec_from_file_location(name, path)
    if found is None:
        raise SpecError(f"{spec!r}: {path} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        # Not by the loader: it goes by bytecode that another version of the same second left.
        exec(compile(source, found.origin or path, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise SpecError(f"{spec!r} does not import: {one_line(error)}") from error
    return module


def imported_object(place: str, attribute: str, spec: str) -> Any:
    """Return an attribute of a module, or of a file, or raise :class:`SpecError`."""
    is_file = place.endswith(".py") or "/" in place
    _importable_from(Path(place).parent.resolve() if is_file else Path.cwd())
    module = _import_file(Path(place), spec) if is_file else imported_module(place, spec)
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise SpecError(f"{spec!r}: {place} has no attribute {attribute!r}") from error
