"""An implementation that runs in a process of its own, as this process sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import partial
from typing import Any

import msgspec

from gradcert.core.failures import Died
from gradcert.core.limits import Limits
from gradcert.isolation.connection import Connection, WeightsOfChild
from gradcert.isolation.protocol import Load, check_travels
from gradcert_implementations import (
    Implementation,
    NamedWeights,
    Options,
    QuantityName,
    SpecError,
    reloading,
)
from gradcert_implementations.interface import options_of

__all__ = ["Isolated", "isolate", "load_isolated"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Isolated(Implementation):
    """An implementation whose functions are called in a process of its own.

    Attributes
    ----------
    connection
        The process. It is started with the first call, and again where it has ended.
    """

    connection: Connection


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
    again = reloading(subject)
    request = Load(
        spec=subject.origin,
        options=Options(
            quantities=tuple(subject.functions),
            formats=subject.formats,
            targets=subject.domain.targets,
            loss=options_of(subject.loss, {one.name for one in subject.filled_in}),
            domain=again.get("domain", ()),
            device=again.get("device"),
        ),
        loss=subject.loss,
        memory=limits.memory,
    )
    fields = {field.name: getattr(subject, field.name) for field in fields_of(Implementation)}
    return _isolated(
        fields,
        Connection(request, limits),
        tuple(subject.functions),
        second_backward=subject.second_backward is not None,
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
        Load(spec=spec, options=options, loss=None, memory=limits.memory), limits
    )
    try:
        described = connection.describe()
        if described.error:
            raise SpecError(described.error)
        fields = msgspec.structs.asdict(described)
        for name in ("error", "quantities"):
            del fields[name]
        weights = described.loss.class_weights
        chosen = "class_weights" in {one.name for one in options.loss}
        if isinstance(weights, NamedWeights) and not chosen:
            # The subject names this function, so that this process does not load it.
            theirs = WeightsOfChild(weights.spec, connection)
            fields["loss"] = replace(described.loss, class_weights=theirs)
        again = fields.pop("has_second_backward")
        return _isolated(fields, connection, described.quantities, second_backward=again)
    except Died as died:
        raise SpecError(f"{spec!r} does not load: it {died}") from died
    except SpecError:
        raise
    except ValueError as error:  # The subject wrote the description itself.
        raise SpecError(f"{spec!r} does not load: it describes no subject: {error}") from error
    finally:
        connection.end()


def _isolated(
    fields: Mapping[str, Any],
    connection: Connection,
    quantities: Sequence[QuantityName],
    *,
    second_backward: bool,
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
    return Isolated(**{**fields, **remote}, connection=connection)
