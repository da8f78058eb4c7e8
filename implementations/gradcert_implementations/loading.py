"""From a SPEC string to an implementation.

A SPEC is the name of a built-in, ``path/to/file.py:name`` or ``package.module:name``. The object it
names is an :class:`Implementation` or a plain function ``(logits, targets) -> dE/dz``.
"""

import dataclasses
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from gradcert_implementations.catalogue import BUILT_IN, CLAIMED, FLAWED, UNUSUAL, documented
from gradcert_implementations.interface import (
    FormatName,
    Implementation,
    QuantityName,
    TargetDomain,
)

__all__ = ["SpecError", "as_implementation", "load", "select"]

_EXTRAS = {"torch", "jax", "scipy"}

_EXPECTED = "expected an Implementation or a function (logits, targets) -> dE/dz"


class SpecError(ValueError):
    """A SPEC, or a selection, that names nothing to certify. The message is one line."""


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _importable_from(folder: Path) -> None:
    """Let a subject import what lies beside it; last, so that it hides no library."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _import(module: str, spec: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing in _EXTRAS:
            raise SpecError(
                f"{spec!r} needs {missing}, which is not installed: "
                f"pip install 'gradcert[{missing}]'"
            ) from error
        if module == missing or module.startswith(missing + "."):
            raise SpecError(
                f"{spec!r}: there is no module {missing!r}; for a file write path/to/file.py:name"
            ) from error
        raise SpecError(f"{spec!r} does not import: {_one_line(error)}") from error
    except (Exception, SystemExit) as error:
        raise SpecError(f"{spec!r} does not import: {_one_line(error)}") from error


def _import_file(path: Path, spec: str) -> ModuleType:
    if not path.is_file():
        raise SpecError(f"{spec!r}: there is no file {path}")
    # A name of its own: two files called kernels.py do not meet in sys.modules, nor two versions.
    digest = hashlib.sha256(str(path.resolve()).encode() + path.read_bytes()).hexdigest()
    name = f"{path.stem}_{digest[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise SpecError(f"{spec!r}: {path} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise SpecError(f"{spec!r} does not import: {_one_line(error)}") from error
    return module


def load(
    spec: str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
) -> Implementation:
    """Load the implementation a SPEC names.

    Parameters
    ----------
    spec
        ``numpy``, ``path/to/file.py:name`` or ``package.module:name``.
    quantities, formats
        What a plain function computes (one quantity) and in which formats, unless it is dE/dz in
        binary64 and binary32. For an :class:`Implementation`, a selection of what it claims.
    targets
        The targets to certify it for, in place of those it declares (a plain function:
        ``probability``).

    Raises
    ------
    SpecError
        Where there is nothing to load, saying why and what would do.

    Examples
    --------
    >>> load("numpy", quantities=["dE/dz"]).summary
    'Every quantity written out in NumPy, as one would on paper.'
    """
    known = BUILT_IN | CLAIMED | UNUSUAL | FLAWED
    if spec in known:
        subject = _import(known[spec], spec).implementation
        subject = dataclasses.replace(subject, summary=documented(spec)[0])
    else:
        place, colon, attribute = spec.rpartition(":")
        if spec.rstrip(":").endswith(".py"):
            raise SpecError(f"{spec!r} names no function: write {spec.rstrip(':')}:name")
        if not colon or not place or not attribute:
            close = get_close_matches(spec, known, n=1)
            raise SpecError(
                f"unknown implementation {spec!r}: "
                + (f"did you mean {close[0]}? " if close else "")
                + f"choose from {', '.join(BUILT_IN)}, one of "
                "`gradcert list --flaws`, or write path/to/file.py:name or package.module:name"
            )
        is_file = place.endswith(".py") or "/" in place
        _importable_from(Path(place).parent.resolve() if is_file else Path.cwd())
        module = _import_file(Path(place), spec) if is_file else _import(place, spec)
        try:
            subject = getattr(module, attribute)
        except AttributeError as error:
            raise SpecError(f"{spec!r}: {place} has no attribute {attribute!r}") from error
        if not isinstance(subject, Implementation) and not callable(subject):
            raise SpecError(f"{spec!r} is of type {type(subject).__name__}; {_EXPECTED}")
    loaded = as_implementation(subject, quantities=quantities, formats=formats, targets=targets)
    return dataclasses.replace(loaded, origin=spec)


def as_implementation(
    subject: Implementation | Callable[..., Any],
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
) -> Implementation:
    """Return `subject` as an implementation, restricted or declared as :func:`load` says.

    Examples
    --------
    >>> as_implementation(lambda logits, targets: logits, targets="any").targets
    'any'
    """
    if isinstance(subject, Implementation):
        return select(subject, quantities=quantities, formats=formats, targets=targets)
    if not callable(subject):
        raise SpecError(f"{subject!r} is of type {type(subject).__name__}; {_EXPECTED}")
    if len(quantities) > 1:
        raise SpecError(
            f"a plain function computes one quantity, not {', '.join(quantities)}; "
            "for several, write an Implementation"
        )
    name = getattr(subject, "__name__", type(subject).__name__)
    module = getattr(subject, "__module__", "")
    found = getattr(sys.modules.get(module), name, None)
    importable = found is subject and module != "__main__"
    try:
        return Implementation(
            name=name,
            functions={cast("QuantityName", q): subject for q in quantities or ("dE/dz",)},
            formats=cast("tuple[FormatName, ...]", tuple(formats) or ("binary64", "binary32")),
            targets=cast("TargetDomain", targets or "probability"),
            origin=f"{module}:{name}" if importable else "",
        )
    except ValueError as error:
        raise SpecError(str(error)) from error


def select(
    implementation: Implementation,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
) -> Implementation:
    """Return `implementation` with only these of its quantities and formats, on these targets.

    Raises
    ------
    SpecError
        For a name that is unknown, or that the implementation does not claim.
    """
    for what, asked, claimed in (
        ("quantity", quantities, tuple(implementation.functions)),
        ("format", formats, implementation.formats),
    ):
        for name in asked:
            if name not in claimed:
                raise SpecError(
                    f"{implementation.name} does not claim the {what} {name!r}; "
                    f"it claims {', '.join(claimed)}"
                )
    functions = implementation.functions
    try:
        return dataclasses.replace(
            implementation,
            functions={q: f for q, f in functions.items() if not quantities or q in quantities},
            formats=tuple(f for f in implementation.formats if not formats or f in formats),
            targets=cast("TargetDomain", targets or implementation.targets),
        )
    except ValueError as error:
        raise SpecError(str(error)) from error
