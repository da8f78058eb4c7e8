"""From a SPEC string to an implementation.

A SPEC is the name of a built-in, or of an entry point of the group ``gradcert.implementations``, or
an object: ``path/to/file.py:name`` or ``package.module:name``. That is an :class:`Implementation`
or a plain function ``(logits, targets) -> dE/dz``. In front of an object, ``torch:``, ``jax:`` and
``numpy:`` say that it is a loss, or a function, as the adapter of that name takes it; and
``command:`` stands in front of a program and its arguments.
"""

import dataclasses
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, cast

from gradcert_implementations.catalogue import (
    BUILT_IN,
    CLAIMED,
    FLAWED,
    LIBRARIES,
    UNUSUAL,
    documented,
    plugged_in,
)
from gradcert_implementations.importing import (
    SpecError,
    imported_module,
    imported_object,
    one_line,
)
from gradcert_implementations.interface import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    Implementation,
    TargetDomain,
    require_known,
)

__all__ = ["as_implementation", "load", "reloading", "select"]

_ADAPTERS = {
    "numpy": "gradcert_implementations.adapters.numpy_function",
    "torch": "gradcert_implementations.adapters.torch_loss",
    "jax": "gradcert_implementations.adapters.jax_loss",
    "command": "gradcert_implementations.adapters.program",
}
"""The module of each adapter, by what stands in front of an object in a SPEC."""

_PLACED = ("torch", "jax")
"""The adapters that take a device."""

_EXPECTED = "expected an Implementation or a function (logits, targets) -> dE/dz"


def _unknown(spec: str) -> SpecError:
    names = [*BUILT_IN, *CLAIMED, *LIBRARIES, *UNUSUAL, *FLAWED, *plugged_in()]
    close = get_close_matches(spec, names, n=1)
    return SpecError(
        f"unknown implementation {spec!r}: "
        + (f"did you mean {close[0]}? " if close else "")
        + f"choose from {', '.join([*BUILT_IN, *plugged_in()])}, see "
        "`gradcert list` and `gradcert list --flaws`, or write path/to/file.py:name or "
        "package.module:name"
    )


def _object(place: str, spec: str) -> Any:
    """Return what ``path/to/file.py:name`` or ``package.module:name`` names."""
    module_name, colon, attribute = place.rpartition(":")
    if place.rstrip(":").endswith(".py"):
        raise SpecError(f"{spec!r} names no function: write {spec.rstrip(':')}:name")
    if not colon or not module_name or not attribute:
        if place == spec:
            raise _unknown(spec)
        adapter = spec.partition(":")[0]
        raise SpecError(
            f"{spec!r} names no function: write {adapter}:path/to/file.py:name or "
            f"{adapter}:package.module:name"
        )
    subject = imported_object(module_name, attribute, spec)
    if not isinstance(subject, Implementation) and not callable(subject):
        raise SpecError(f"{spec!r} is of type {type(subject).__name__}; {_EXPECTED}")
    return subject


def _plugged_in(spec: str) -> Any:
    """Return what the entry point of this name refers to."""
    try:
        return plugged_in()[spec].load()
    except (Exception, SystemExit) as error:
        raise SpecError(f"{spec!r} does not import: {one_line(error)}") from error


def _adapted(adapter: str, place: str, spec: str, options: dict[str, Any]) -> Implementation:
    """Return what an adapter makes of a program, or of an object."""
    module = imported_module(_ADAPTERS[adapter], spec)
    subject = place if adapter == "command" else _object(place, spec)
    if isinstance(subject, Implementation):
        raise SpecError(f"{spec!r} is an Implementation, which needs no adapter: write {place}")
    adapt: Callable[..., Implementation] = getattr(module, f"from_{adapter}")
    try:
        return adapt(subject, **options)
    except ValueError as error:
        raise SpecError(f"{spec!r}: {error}") from error


def load(
    spec: str,
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    device: str | None = None,
) -> Implementation:
    """Load the implementation a SPEC names.

    Parameters
    ----------
    spec
        A name, ``path/to/file.py:name`` or ``package.module:name``, the same behind ``torch:``,
        ``jax:`` or ``numpy:``, or a program behind ``command:``.
    quantities, formats
        What a plain function or a program computes and in which formats, unless it is dE/dz in
        binary64 and binary32. For an :class:`Implementation`, a selection of what it claims.
    targets
        The targets to certify it for, in place of those it declares (a plain function, a loss, a
        program: ``probability``).
    device
        Where a loss behind ``torch:`` or ``jax:`` is computed.

    Raises
    ------
    SpecError
        Where there is nothing to load, saying why and what would do.

    Examples
    --------
    >>> load("numpy", quantities=["dE/dz"]).summary
    'Every quantity written out in NumPy, as one would on paper.'
    """
    try:
        # Not after loading, which may take seconds.
        require_known("quantity", quantities or QUANTITY_NAMES, QUANTITY_NAMES)
        require_known("format", formats or FORMAT_NAMES, FORMAT_NAMES)
        require_known("target domain", [targets or TARGET_DOMAINS[0]], TARGET_DOMAINS)
    except ValueError as error:
        raise SpecError(str(error)) from error
    known = BUILT_IN | CLAIMED | LIBRARIES | UNUSUAL | FLAWED
    adapter, colon, place = spec.partition(":")
    if device is not None and not (colon and adapter in _PLACED):
        raise SpecError(
            f"{spec!r} takes no device; a loss does: {' or '.join(f'{a}:...' for a in _PLACED)}"
        )
    options: dict[str, Any] = {"quantities": quantities, "formats": formats, "targets": targets}
    if colon and adapter in _ADAPTERS:
        told = {name: value for name, value in (options | {"device": device}).items() if value}
        loaded = _adapted(adapter, place, spec, told)
    elif spec in known:
        subject = imported_module(known[spec], spec).implementation
        subject = dataclasses.replace(subject, summary=documented(spec)[0])
        loaded = as_implementation(subject, **options)
    else:
        subject = _plugged_in(spec) if spec in plugged_in() else _object(spec, spec)
        loaded = as_implementation(subject, **options)
    return dataclasses.replace(loaded, origin=spec)


def reloading(implementation: Implementation) -> dict[str, str]:
    """Return with which options :func:`load` gives functions that are called like these.

    An adapter calls what it adapts in one way or another, as its targets and its device say.

    Examples
    --------
    >>> reloading(load("numpy"))
    {}
    """
    adapter, colon, _ = implementation.origin.partition(":")
    if not colon or adapter not in _ADAPTERS:
        return {}
    placed = {"device": implementation.device} if adapter in _PLACED else {}
    return {"targets": implementation.targets} | placed


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
    try:
        from gradcert_implementations.adapters.conventions import declared, single

        return declared(
            subject,
            single(subject, quantities),
            formats=formats,
            targets=targets or "probability",
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
