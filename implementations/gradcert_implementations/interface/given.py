"""The fields of a record that somebody gave: read from text, checked one by one, and written."""

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import Field, dataclass, fields
from enum import StrEnum
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

from gradcert_implementations.interface.weights import NamedWeights, weights_in_words
from gradcert_implementations.names import known_name

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Given", "given_fields", "options_of", "recorded", "store_checked"]

_FLAGS = {"true": True, "false": False, "yes": True, "no": False}


@dataclass(frozen=True)
class Given:
    """A field of a :class:`Loss` or a :class:`Domain` that somebody gave, and its value.

    Examples
    --------
    >>> str(Given("label_smoothing", 0.1))
    'label_smoothing 0.1'
    """

    name: str
    value: Any

    def __str__(self) -> str:
        return f"{self.name} {_recorded(self.value)}"


@functools.cache
def _fields(record: "type[DataclassInstance]") -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(record)}


def _field(record: "type[DataclassInstance]", name: object) -> Field[Any]:
    what = f"option of the {record.__name__.lower()}"
    return _fields(record)[known_name(what, name, tuple(_fields(record)))]


def _read(kind: Any, text: str) -> Any:
    """Return the value that a text is for a field of this type; the text itself if it is none."""
    kinds = get_args(kind) or (kind,)
    if NoneType in kinds and text.lower() == "none":
        return None
    if bool in kinds:
        return _FLAGS.get(text.lower(), text)
    for number in (int, float):
        if number in kinds:
            try:
                return number(text)
            except ValueError:
                return text
    return text


def _checked(field: Field[Any], value: Any) -> Any:
    """Return what a record stores for one of its fields.

    Parameters
    ----------
    field
        The field. It may have a ``check`` in its metadata.
    value
        What is given for it.

    Raises
    ------
    ValueError
        For a value that means nothing, in one line.
    """
    check = field.metadata.get("check")
    return value if check is None else check(field.name, value)


def store_checked(record: "DataclassInstance") -> None:
    """Put each field of a new, frozen record through its check.

    Raises
    ------
    ValueError
        For a value that means nothing, in one line.
    """
    for name, field in _fields(type(record)).items():
        object.__setattr__(record, name, _checked(field, getattr(record, name)))


def _one(record: "type[DataclassInstance]", item: Any) -> Given:
    """Return the field that one item of a list gives."""
    match item:
        case Given(name=name, value=value):
            pass
        case {"name": name, "value": value}:  # It travelled as JSON.
            pass
        case str() if "=" in item:
            name, _, text = item.partition("=")
            value = _read(_field(record, name).type, text)
        case _:
            example = f"{fields(record)[1].name}=VALUE"
            raise ValueError(
                f"{item!r} says nothing about the {record.__name__.lower()}; "
                f"expected NAME=VALUE, such as {example}"
            )
    return Given(name, _checked(_field(record, name), value))


def given_fields(record: "type[DataclassInstance]", given: Any) -> tuple[Given, ...]:
    """Return the fields that are given, each once, in the order of the record.

    Parameters
    ----------
    record
        :class:`Loss` or :class:`Domain`.
    given
        A record, which gives the fields that differ from their defaults; a mapping, which gives
        each of its keys; or a list of texts ``NAME=VALUE``, read as the types of the fields say, or
        of what this function returned.

    Raises
    ------
    ValueError
        For an unknown field, a value that means nothing, a field that is given two values, and for
        anything else, in one line. Contradictions between fields are not looked for.

    Examples
    --------
    >>> from gradcert_implementations.interface import Loss
    >>> given_fields(Loss, ["z_loss=1e-4", "label_smoothing=0.1"])
    (Given(name='label_smoothing', value=0.1), Given(name='z_loss', value=0.0001))
    >>> given_fields(Loss, {"label_smothing": 0.1})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: unknown option of the loss 'label_smothing'; did you mean label_smoothing? ...
    """
    what = record.__name__
    if isinstance(given, record):
        given = options_of(given)
    if isinstance(given, Mapping):
        given = [Given(str(name), value) for name, value in given.items()]
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(
            f"{what.lower()} is {given!r}; expected a {what}, a dict of its fields, or a list of "
            "texts NAME=VALUE"
        )
    found: dict[str, Given] = {}
    for one in (_one(record, item) for item in given):
        other = found.setdefault(one.name, one)
        if other != one:
            raise ValueError(f"two values are given: {other} and {one}; leave one of them out")
    return tuple(found[name] for name in _fields(record) if name in found)


def _plain(value: Any) -> Any:
    """Return a value as a user would write it in Python."""
    if isinstance(value, StrEnum):
        return value.value
    return value.spec if isinstance(value, NamedWeights) else value


def options_of(record: "DataclassInstance", also: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a record that differ from their defaults, as a user would write them.

    Parameters
    ----------
    record
        A loss or a domain.
    also
        The names of fields that are returned whatever they are.

    Examples
    --------
    >>> from gradcert_implementations.interface import Loss
    >>> options_of(Loss(label_smoothing=0.1)), options_of(Loss())
    ({'label_smoothing': 0.1}, {})
    """
    return {
        field.name: _plain(getattr(record, field.name))
        for field in fields(record)
        if getattr(record, field.name) != field.default or field.name in also
    }


def _recorded(value: Any) -> str | float | int | bool | None:
    plain = _plain(value)
    if plain is None or isinstance(plain, str | int | float):
        return plain
    return weights_in_words(plain)


def recorded(record: "DataclassInstance") -> dict[str, str | float | int | bool | None]:
    """Return all fields of a record as a report keeps them: texts, numbers, truth values or None.

    Returns
    -------
    The values by the names of the fields, in their order.

    Examples
    --------
    >>> from gradcert_implementations.interface import Loss
    >>> recorded(Loss(class_weights=[0.5, 2]))["class_weights"]
    '0.5,2.0'
    """
    return {field.name: _recorded(getattr(record, field.name)) for field in fields(record)}
