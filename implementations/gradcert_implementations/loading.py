"""From a SPEC string to an implementation.

A SPEC is the name of a built-in, the name of an entry point of the group
``gradcert.implementations``, or an object: ``path/to/file.py:name`` or ``package.module:name``. The
object is an :class:`Implementation` or a plain function ``(logits, targets) -> dE/dz``, which may
take an upstream gradient as its third argument, or that of another quantity. It may be called with
literals, ``name(label_smoothing=0.1)``; then it is what the call returns. The prefix ``torch:`` or
``jax:`` says that it is a loss, a softmax or a log-softmax for the adapter of that name, ``numpy:``
that it is a function for that adapter. Behind ``command:`` stand a program and its arguments.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, Unpack

from gradcert_implementations.catalogue import (
    BUILT_IN,
    FLAWED,
    MODULES,
    Flaw,
    documented,
    plugged_in,
)
from gradcert_implementations.errors import type_name
from gradcert_implementations.importing import (
    SpecError,
    imported_module,
    imported_object,
    named,
    or_spec_error,
)
from gradcert_implementations.interface import Adapted, Implementation, options_of
from gradcert_implementations.names import did_you_mean
from gradcert_implementations.options import SHORT, Options, OptionValues

__all__ = ["as_implementation", "load", "reloading", "select"]

_ADAPTERS = {
    "numpy": "gradcert_implementations.adapters.numpy_function",
    "torch": "gradcert_implementations.adapters.torch_loss",
    "jax": "gradcert_implementations.adapters.jax_loss",
    "command": "gradcert_implementations.adapters.program",
}
"""The module of each adapter, by the prefix of a SPEC."""

_WITH_DEVICE = ("torch", "jax")
"""The adapters that take a device."""

_CALLED_WITH_ROWS = (Adapted.NOTHING, Adapted.FUNCTION)
"""What is called in the same way, whatever the targets and the loss are."""

_NO_OPTIONS = Options()

_EXPECTED = "expected an Implementation or a function (logits, targets) -> dE/dz"


def _unknown(spec: str) -> SpecError:
    nearest = did_you_mean(spec, [*MODULES, *plugged_in()])
    return SpecError(
        f"unknown implementation {spec!r}: {nearest}"
        f"choose from {', '.join([*BUILT_IN, *plugged_in()])}, see "
        "`gradcert list` and `gradcert list --flaws`, or write path/to/file.py:name or "
        "package.module:name"
    )


def _object(place: str, spec: str) -> Any:
    """Return the object that ``path/to/file.py:name`` or ``package.module:name`` names or calls."""
    about = named(place)
    if place.rstrip(":").endswith(".py"):
        raise SpecError(f"{spec!r} names no function: write {spec.rstrip(':')}:name")
    if not about.place or not about.attribute:
        if place == spec:
            raise _unknown(spec)
        adapter = spec.partition(":")[0]
        raise SpecError(
            f"{spec!r} names no function: write {adapter}:path/to/file.py:name or "
            f"{adapter}:package.module:name"
        )
    subject = imported_object(about, spec)
    if not isinstance(subject, Implementation) and not callable(subject):
        expected = _EXPECTED if place == spec else "expected a function, a loss or a softmax"
        raise SpecError(f"{spec!r} is of type {type_name(subject)}; {expected}")
    return subject


def _plugged_in(spec: str) -> Any:
    """Return the object that the entry point of this name refers to."""
    with or_spec_error(f"{spec!r} does not import"):
        return plugged_in()[spec].load()


def _adapted(adapter: str, place: str, spec: str, options: Options) -> Implementation:
    """Return the implementation that an adapter makes from a program or an object."""
    module = imported_module(_ADAPTERS[adapter], spec)
    is_program = adapter == "command"
    subject = place if is_program else _object(place, spec)
    if isinstance(subject, Implementation):
        raise SpecError(f"{spec!r} is an Implementation, which needs no adapter: write {place}")
    adapt: Callable[..., Implementation] = getattr(module, f"from_{adapter}")
    try:
        adapted = adapt(subject, **options.keywords())
    except ValueError as error:
        raise SpecError(f"{spec!r}: {error}") from error
    return adapted if is_program else replace(adapted, name=_name_in(place))


def _name_in(place: str) -> str:
    """Return the name that the user wrote, with the call: it tells two objects of a class apart."""
    about = named(place)
    return about.attribute if about.arguments is None else f"{about.attribute}({about.arguments})"


def _fresh(module: ModuleType) -> ModuleType:
    """Return a copy of a module, in the state in which it is after its import."""
    found = importlib.util.find_spec(module.__name__)
    if found is None or found.loader is None:
        return module
    copy = importlib.util.module_from_spec(found)
    found.loader.exec_module(copy)
    return copy


def load(spec: str, **options: Unpack[OptionValues]) -> Implementation:
    """Load the implementation that a SPEC names.

    A flaw may remember its calls. It is in its first state whenever it is loaded, so that its
    certificate does not depend on what else the process has done. A function and an object have the
    name that the SPEC writes, ``Loss(0.1)``; an :class:`Implementation` keeps its own.

    Parameters
    ----------
    spec
        A name; or ``path/to/file.py:name`` or ``package.module:name``, which may be called with
        literals and may stand behind ``torch:``, ``jax:`` or ``numpy:``; or a program behind
        ``command:``.
    **options
        The fields of :class:`Options`. A name that is unknown is refused before anything is
        imported.

    Returns
    -------
    The implementation, with the part of its claims that the options select.

    Raises
    ------
    SpecError
        If nothing can be loaded. The message is one line and says why, and what to write.

    Examples
    --------
    >>> load("numpy", quantities=["dE/dz"]).summary
    'Every quantity written out in NumPy, as one would on paper.'
    """
    chosen = Options.of(options)
    try:
        spec.encode()
    except UnicodeEncodeError:
        # A certificate names it, and JSON is UTF-8.
        raise SpecError(f"{spec!r} has bytes that are not UTF-8: rename the file") from None
    adapter, colon, place = spec.partition(":")
    if chosen.device is not None and not (colon and adapter in _WITH_DEVICE):
        raise SpecError(
            f"{spec!r} takes no device; a loss does: "
            f"{' or '.join(f'{name}:...' for name in _WITH_DEVICE)}"
        )
    if spec in MODULES:
        module = imported_module(MODULES[spec], spec)
        subject = (_fresh(module) if spec in FLAWED else module).implementation
        return replace(select(replace(subject, summary=documented(spec)[0]), chosen), origin=spec)
    # What somebody else wrote may raise whatever it likes when it is looked at.
    with or_spec_error(f"{spec!r} cannot be certified"):
        if colon and adapter in _ADAPTERS:
            loaded = _adapted(adapter, place, spec, chosen)
        else:
            subject = _plugged_in(spec) if spec in plugged_in() else _object(spec, spec)
            loaded = as_implementation(subject, chosen)
            if spec not in plugged_in() and not isinstance(subject, Implementation):
                loaded = replace(loaded, name=_name_in(spec))
        return replace(loaded, origin=spec)


def _reloading_what_is_claimed(implementation: Implementation) -> OptionValues:
    again: OptionValues = {}
    domain = options_of(implementation.domain)
    if "layout" in domain:
        again["domain"] = {"layout": domain["layout"]}
    if implementation.functions_for is None and not isinstance(implementation, Flaw):
        return again
    declared = load(implementation.origin) if implementation.origin else implementation
    if declared.loss == implementation.loss:
        return again
    again["loss"] = options_of(implementation.loss, options_of(declared.loss))
    if declared.domain.targets != implementation.domain.targets:
        again["targets"] = implementation.domain.targets
    return again


def reloading(implementation: Implementation) -> OptionValues:
    """Return the :func:`load` options with which its SPEC gives functions of the same behaviour.

    Adapters need the targets, the device, the loss and the domain, which decide how they call what
    they adapt. Of the loss and the domain it is what differs from the defaults, and what was read
    from attributes, which would be read again. Others need the layout of the domain, if that is not
    rows. If their functions depend on the loss, they need one that they do not declare, with its
    targets: the options that differ from the defaults, and those that they declare.

    Returns
    -------
    Keywords of :func:`load`. They are empty if the SPEC alone is enough.

    Examples
    --------
    >>> reloading(load("numpy"))
    {}
    >>> reloading(load("numpy", loss={"multiplier": 2}))
    {'loss': {'multiplier': 2.0}}
    """
    adapter, colon, _ = implementation.origin.partition(":")
    if not colon or adapter not in _ADAPTERS:
        return _reloading_what_is_claimed(implementation)
    again: OptionValues = {"targets": implementation.domain.targets}
    if adapter in _WITH_DEVICE:
        again["device"] = implementation.device
    loss = options_of(implementation.loss, {one.name for one in implementation.filled_in})
    if loss:
        again["loss"] = loss
    domain = options_of(implementation.domain)
    domain = {name: value for name, value in domain.items() if name not in SHORT}
    if domain:
        again["domain"] = domain
    return again


def as_implementation(
    subject: Implementation | Callable[..., Any], options: Options = _NO_OPTIONS
) -> Implementation:
    """Return `subject` as an implementation.

    Parameters
    ----------
    subject
        An Implementation, which is restricted as :func:`select` does, or a plain function. If that
        has a third argument for the upstream gradient, it is called with one; see
        :func:`gradcert_implementations.adapters.signatures.takes_upstream`. A backward may take
        what its forward has stored; see :func:`.signatures.takes_outputs`.
    options
        For a function, what it claims. For an Implementation, which part of its claims is meant.

    Returns
    -------
    The implementation.

    Raises
    ------
    SpecError
        For another subject, and for options that do not suit it.

    Examples
    --------
    >>> as_implementation(lambda logits, targets: logits, Options(targets="any")).domain.targets
    'any'
    """
    if isinstance(subject, Implementation):
        return select(subject, options)
    if not callable(subject):
        raise SpecError(f"{subject!r} is of type {type_name(subject)}; {_EXPECTED}")
    try:
        from gradcert_implementations.adapters.conventions import declared, one_quantity
        from gradcert_implementations.adapters.signatures import takes_outputs, takes_upstream

        functions: dict[str, Callable[..., Any]] = {one_quantity(subject, options): subject}
        return declared(
            subject,
            functions,
            options,
            adapted=Adapted.FUNCTION,
            takes_upstream=takes_upstream(subject),
            takes_outputs=takes_outputs(subject),
        )
    except ValueError as error:
        raise SpecError(str(error)) from error


def select(implementation: Implementation, options: Options) -> Implementation:
    """Return `implementation` with the chosen part of its claims, loss, domain and level.

    Returns
    -------
    An implementation with the chosen quantities, formats, loss, domain and level.

    Raises
    ------
    SpecError
        For a quantity or format that it does not claim, for options of the loss and the domain that
        contradict each other, and for a device. If an adapter made its functions, also for another
        loss, and for labels in place of rows.

    Examples
    --------
    >>> select(load("numpy"), Options(formats=["half"])).formats
    ('binary16',)
    """
    functions, formats = implementation.functions, implementation.formats
    for what, chosen, claimed in (
        ("quantity", options.quantities, tuple(functions)),
        ("format", options.formats, formats),
    ):
        for name in chosen:
            if name not in claimed:
                raise SpecError(
                    f"{implementation.name} does not claim the {what} {name!r}; "
                    f"it claims {', '.join(claimed)}"
                )
    if options.device is not None:
        raise SpecError(
            f"{implementation.name} takes no device, as an Implementation has its own: leave it out"
        )
    try:
        part = replace(
            implementation,
            functions={
                quantity: function
                for quantity, function in functions.items()
                if quantity in (options.quantities or functions)
            },
            formats=tuple(name for name in formats if name in (options.formats or formats)),
            at_least=options.level_over(implementation.at_least),
        ).with_loss(
            options.loss_over(implementation.loss), options.domain_over(implementation.domain)
        )
        # Imported only here, because `gradcert list` must not import numpy.
        from gradcert_implementations.adapters.folding import of_rows

        part = of_rows(part)
    except ValueError as error:
        raise SpecError(f"{implementation.name}: {error}") from error
    if implementation.adapted not in _CALLED_WITH_ROWS:
        both = {implementation.domain.targets, part.domain.targets}
        if part.loss != implementation.loss or (len(both) > 1 and "index" in both):
            raise SpecError(
                f"{implementation.name} is adapted for targets={implementation.domain.targets} and "
                f"{implementation.loss}; give the targets and the loss to its adapter, such as "
                "from_torch(f, targets=..., loss=...)"
            )
    for name in options.quantities:
        if name not in part.functions:
            raise SpecError(
                f"{implementation.name}: the quantity {name!r} has no meaning with {part.loss}; "
                f"claim {' or '.join(part.functions)} only"
            )
    return part
