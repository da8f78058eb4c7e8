"""An implementation that runs in a process of its own, as this process sees it."""

from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any, NoReturn

import msgspec

from gradcert.core.limits import Limits
from gradcert.core.settings import SearchSettings
from gradcert.isolation.process import Died, Process
from gradcert.isolation.protocol import Load, check_travels
from gradcert_implementations import Implementation, Options, SpecError

__all__ = ["Isolated", "isolate", "load_isolated"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Isolated(Implementation):
    """An implementation that runs in a process of its own; here its functions only raise.

    Attributes
    ----------
    limits
        The time and the memory that it may use.
    """

    limits: Limits


def _elsewhere(*_: Any) -> NoReturn:
    raise RuntimeError("it runs in a process of its own")


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
    fields = {field.name: getattr(subject, field.name) for field in fields_of(Implementation)}
    functions = dict.fromkeys(subject.functions, _elsewhere)
    again = subject.second_backward and _elsewhere
    return Isolated(**fields | {"functions": functions, "second_backward": again}, limits=limits)


def load_isolated(spec: str, limits: Limits, options: Options) -> Isolated:
    """Return what :func:`gradcert.load` would, but load it in a process of its own.

    Raises
    ------
    SpecError
        As for :func:`gradcert.load`, and where loading it ends the process.
    """
    for one in options.loss:
        check_travels(one.value)
    process = Process(limits)
    try:
        request = Load(
            spec=spec,
            options=options,
            claimed=None,
            settings=SearchSettings(max_examples=1, seed=0),
            memory=limits.memory,
        )
        answer = process.ask(request)
    except Died as died:
        raise SpecError(f"{spec!r} does not load: it {died}") from died
    finally:
        process.close()
    if answer.described is None:
        raise SpecError(answer.error)
    fields = msgspec.structs.asdict(answer.described)
    functions = dict.fromkeys(fields.pop("quantities"), _elsewhere)
    again = _elsewhere if fields.pop("has_second_backward") else None
    return Isolated(functions=functions, second_backward=again, limits=limits, **fields)
