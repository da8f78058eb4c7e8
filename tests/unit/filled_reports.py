"""A report with one text in every field that takes any text, whatever fields a record has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec
from msgspec import inspect

from gradcert_reports import Report, Verdict

__all__ = ["NAMES_THAT_MAY_BE_EMPTY", "filled"]

NUMBERS = {"length": 1, "rows": 1, "planned": 9}
"""Where 0 would contradict the rest of the report, which has one item of everything."""

UNIQUE = ("check", "left")
"""Fields whose texts may not be there twice: these have a number behind the text."""


@dataclass
class _Filling:
    """The arguments of :func:`filled`, the verdict around a field, and a counter."""

    text: str
    turn: int
    without: str
    verdict: Verdict = Verdict.REFUTED
    numbers: Iterator[int] = field(default_factory=count)

    def items(self, kind: inspect.Type, name: str) -> Iterator[Any]:
        """Yield one item, or one of each verdict if it has a verdict."""
        fields = kind.fields if isinstance(kind, inspect.StructType) else ()
        if not any(getattr(one.type, "cls", None) is Verdict for one in fields):
            yield self.value(kind, name)
            return
        before = self.verdict
        for self.verdict in Verdict:
            yield self.value(kind, name)
        self.verdict = before

    def value(self, kind: inspect.Type, name: str) -> Any:
        """Return a value of a type for the field of that name."""
        match kind:
            case inspect.StrType():
                return f"{self.text} {next(self.numbers)}" if name in UNIQUE else self.text
            case inspect.BoolType():
                return False
            case inspect.IntType():
                return NUMBERS.get(name, 0)
            case inspect.FloatType(le=most):
                return 1.5 if most is None else most
            case inspect.EnumType(cls=made):
                return self.verdict if made is Verdict else next(iter(made))
            case inspect.LiteralType(values=values):
                return values[self.turn % len(values)]
            case inspect.VarTupleType() | inspect.UnionType() if name == self.without:
                return None if inspect.NoneType() in getattr(kind, "types", ()) else ()
            case inspect.VarTupleType(item_type=item):
                return tuple(self.items(item, name))
            case inspect.TupleType(item_types=items):
                return tuple(self.value(item, name) for item in items)
            case inspect.DictType(key_type=key, value_type=item):
                return {self.value(key, name): self.value(item, name)}
            case inspect.UnionType(types=types):
                texts = [one for one in types if isinstance(one, inspect.StrType)]
                some = texts or [one for one in types if not isinstance(one, inspect.NoneType)]
                return self.value(some[self.turn % len(some)], name)
            case inspect.StructType(cls=made, fields=fields):
                return made(**{one.name: self.value(one.type, one.name) for one in fields})
        raise TypeError(f"a field {name} of type {kind}: say here how it is filled")


def _names(kind: inspect.Type) -> set[str]:
    """Return the names of the fields below a type that may have no items or no value."""
    match kind:
        case inspect.StructType(fields=fields):
            may_be = (inspect.VarTupleType, inspect.UnionType)
            own = {one.name for one in fields if isinstance(one.type, may_be)}
            return own.union(*(_names(one.type) for one in fields))
        case inspect.VarTupleType(item_type=item) | inspect.DictType(value_type=item):
            return _names(item)
        case inspect.UnionType(types=types):
            return set().union(*map(_names, types))
    return set()


NAMES_THAT_MAY_BE_EMPTY = sorted(_names(inspect.type_info(Report)))
"""The fields that a report may leave out, one of which :func:`filled` can leave out."""


def filled(
    text: str, *, turn: int = 0, without: str = "", of: type[msgspec.Struct] = Report
) -> Any:
    """Return a report with this text wherever a record takes a text.

    It has a certificate, a result and a claim of each verdict, and one item of everything else.

    Parameters
    ----------
    text
        The text.
    turn
        0 or 1. Of two alternatives that a field has, such as a short row and a long one, it takes
        the first or the second.
    without
        The name of a field that has no items or no value.
    of
        The record.
    """
    return _Filling(text, turn, without).value(inspect.type_info(of), "")
