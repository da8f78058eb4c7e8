"""An implementation that runs in a process of its own, as this process sees it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import partial
from typing import Any, cast

import msgspec

from gradcert.core.failures import Died, Unreachable
from gradcert.core.limits import Limits
from gradcert.isolation.connection import Connection, WeightsOfChild
from gradcert.isolation.protocol import Described, Load, check_travels
from gradcert_implementations import (
    Adapted,
    Domain,
    Implementation,
    Loss,
    NamedWeights,
    Options,
    OptionValues,
    QuantityName,
    SpecError,
    message_of,
    reloading,
)
from gradcert_implementations.interface import options_of

__all__ = ["Isolated", "isolate", "load_isolated", "reloading_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Isolated(Implementation):
    """An implementation whose functions are called in a process of its own.

    Attributes
    ----------
    connection
        The process. It is started with the first call, and again where it has ended.
    reloading
        The options with which its SPEC gives functions of the same behaviour.
    """

    connection: Connection
    reloading: OptionValues


def reloading_of(subject: Implementation) -> OptionValues:
    """Return what :func:`gradcert_implementations.reloading` does.

    It may load the subject. So for an isolated one it is what its own process says.
    """
    return subject.reloading if isinstance(subject, Isolated) else reloading(subject)


def isolate(subject: Implementation, limits: Limits) -> Isolated:
    """Return `subject` as one that runs in a process of its own, which loads it by its origin.

    Raises
    ------
    SpecError
        If there is no SPEC to load it by.
    """
    if not subject.origin:
        raise SpecError(
            f"{subject.name} cannot be loaded by another process: give a SPEC, or let it be a "
            "public name of a module"
        )
    check_travels(subject.loss.class_weights)
    again = reloading_of(subject)
    said = {one.name for one in subject.filled_in}
    if subject.adapted is Adapted.NOTHING:  # Its SPEC may declare an option that was taken back.
        said = {one.name for record in (Loss, Domain) for one in fields_of(record)}
    request = Load(
        spec=subject.origin,
        options=Options(
            quantities=tuple(subject.functions),
            formats=subject.formats,
            targets=subject.domain.targets,
            loss=options_of(subject.loss, said),
            domain=options_of(subject.domain, said),
            device=again.get("device"),
        ),
        loss=subject.loss,
        memory=limits.memory,
        path=tuple(sys.path),
    )
    fields = {field.name: getattr(subject, field.name) for field in fields_of(Implementation)}
    return _isolated(
        fields,
        Connection(request, limits),
        tuple(subject.functions),
        second_backward=subject.second_backward is not None,
        reloading=again,
    )


def load_isolated(spec: str, limits: Limits, options: Options) -> Isolated:
    """Return what :func:`gradcert.load` would, but load it in a process of its own.

    Raises
    ------
    SpecError
        As for :func:`gradcert.load`, and where loading it ends the process.
    """
    for one in options.loss:
        check_travels(one.value)
    connection = Connection(
        Load(spec=spec, options=options, loss=None, memory=limits.memory, path=tuple(sys.path)),
        limits,
    )
    try:
        described = connection.describe()
        if described.error:
            raise SpecError(described.error)
        fields = msgspec.structs.asdict(described)
        again = fields.pop("reloading")
        for name in ("error", "quantities", "has_second_backward"):
            del fields[name]
        return _isolated(
            fields | _chosen(described, options, connection) | {"origin": spec},
            connection,
            described.quantities,
            second_backward=described.has_second_backward,
            reloading=_reloading(again),
        )
    except Died as died:
        raise SpecError(f"{spec!r} does not load: it {died}") from died
    except SpecError:
        raise
    except (ValueError, msgspec.ValidationError) as error:  # The subject wrote it itself.
        reason = f"it describes what cannot be: {message_of(error)}"
        raise SpecError(f"{spec!r} does not load: {reason}") from error
    except Unreachable as error:
        raise SpecError(f"{spec!r} does not load: {error}") from error
    finally:
        connection.end()


def _chosen(described: Described, options: Options, connection: Connection) -> dict[str, Any]:
    """Return the fields that options choose; a subject can change what its process describes.

    Class weights that the subject names are not loaded by this process.

    Raises
    ------
    Died
        If something else is described than was chosen.
    ValueError, msgspec.ValidationError
        If what is described means nothing.
    """
    for chosen, claimed in (
        (options.quantities, described.quantities),
        (options.formats, described.formats),
    ):
        if chosen and set(chosen) != set(claimed):
            raise Died(f"describes {', '.join(claimed)}, where {', '.join(chosen)} was chosen")
    weights = described.loss.get("class_weights")
    if isinstance(weights, str):
        raise Died("describes class weights that are no numbers")
    loss = msgspec.convert(described.loss, Loss)
    if isinstance(loss.class_weights, NamedWeights):
        loss = replace(loss, class_weights=WeightsOfChild(loss.class_weights.spec, connection))
    return {
        "loss": options.loss_over(loss),
        "domain": options.domain_over(described.domain),
        "at_least": options.level_over(described.at_least),
    }


def _reloading(said: Mapping[str, Any]) -> OptionValues:
    """Return options from JSON. Other names would be written into the Python of a report."""
    known = {name: said[name] for name in said if name in OptionValues.__annotations__}
    return cast("OptionValues", _with_tuples(known))


def _with_tuples(value: Any) -> Any:
    """Return a value of JSON with tuples in place of lists."""
    if isinstance(value, dict):
        return {name: _with_tuples(one) for name, one in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _isolated(
    fields: Mapping[str, Any],
    connection: Connection,
    quantities: Sequence[QuantityName],
    *,
    second_backward: bool,
    reloading: OptionValues,
) -> Isolated:
    """Return an implementation with these fields whose functions are called in a child."""
    again = connection.second_backward_for
    remote = {
        "functions": connection.functions_for(quantities, None),
        "functions_for": partial(connection.functions_for, quantities),
        "second_backward": again(None) if second_backward else None,
        "second_backward_for": again if second_backward else None,
        "observed": connection.observations,
    }
    return Isolated(**{**fields, **remote}, connection=connection, reloading=reloading)
