"""The options of a run: which part of an implementation is certified, and how it is loaded.

One record, :class:`Options`, goes from the command line, pytest and Python to the loader, and as
JSON to another process. A new option is a field here, and its key in :class:`OptionValues`. The
command line and pytest build their options from the metadata of the fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypedDict, cast

from gradcert_implementations.importing import SpecError
from gradcert_implementations.interface import Domain
from gradcert_implementations.names import (
    FORMAT_ALIASES,
    FORMAT_NAMES,
    LEVEL_NAMES,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    LevelName,
    known_name,
    known_names,
)

__all__ = ["OptionValues", "Options"]


class OptionValues(TypedDict, total=False):
    """The same options as keywords, for ``**options: Unpack[OptionValues]``."""

    quantities: Sequence[str]
    formats: Sequence[str]
    targets: str | None
    largest_logit: float | None
    at_least: str | None
    device: str | None


def _option(default: Any, **metadata: str) -> Any:
    return field(default=default, metadata=metadata)


def _number(given: object) -> Any:
    """Return the number that a text from a command line is; anything else as it is."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run. Each has a default that changes nothing.

    The metadata of a field has ``option`` (its name on a command line, without dashes), ``metavar``
    and ``help``. A field whose default is ``()`` may be given several times.

    Attributes
    ----------
    quantities, formats
        Of an Implementation, the part of its claims to certify. Of a plain function, a loss or a
        program, what it claims: dE/dz in binary64 and binary32 by default. They are stored as
        tuples of the known names, each once: ``fp32`` becomes ``binary32``.
    targets
        The targets to certify for, in place of those it declares. A plain function, a loss or a
        program declares ``probability`` by default.
    largest_logit
        The size of logits up to which the answers must be right, in place of the one it declares,
        which is 1e4 by default. It is a number, or the text of one, and stored as a float.
    at_least
        The level that its claim demands, in place of the one it declares, which is none by default.
        See :class:`Implementation`.
    device
        Where a loss behind ``torch:`` or ``jax:`` is computed.

    Raises
    ------
    SpecError
        For an unknown name, a largest logit that is not positive and finite, or a value of another
        type, in one line.

    Examples
    --------
    >>> Options(formats=["fp32", "bf16"]).formats
    ('binary32', 'bfloat16')
    >>> Options(targets="indices")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    SpecError: unknown target domain 'indices'; did you mean index? choose from index, ...
    >>> Options(largest_logit="100").largest_logit
    100.0
    """

    quantities: Sequence[str] = _option(
        (),
        option="quantity",
        metavar="NAME",
        help=f"A quantity to certify: {', '.join(QUANTITY_NAMES)}. May be repeated.",
    )
    formats: Sequence[str] = _option(
        (),
        option="format",
        metavar="NAME",
        help=f"A format to certify: {', '.join(FORMAT_NAMES)}, or another name of one, such as "
        "fp32, half or bf16. May be repeated.",
    )
    targets: str | None = _option(
        None,
        option="targets",
        metavar="DOMAIN",
        help=f"The targets to certify for: {', '.join(TARGET_DOMAINS)}.",
    )
    largest_logit: float | None = _option(
        None,
        option="largest-logit",
        metavar="X",
        help="The size of logits up to which the answers must be right (1e4 unless the "
        "implementation declares another).",
    )
    at_least: str | None = _option(
        None,
        option="at-least",
        metavar="LEVEL",
        help=f"The level that is demanded: {', '.join(LEVEL_NAMES)}. A worse one is refuted. Only "
        "16-bit formats have wide; in the others it means shifted.",
    )
    device: str | None = _option(
        None,
        option="device",
        metavar="DEVICE",
        help="Where a loss behind torch: or jax: is computed.",
    )

    def __post_init__(self) -> None:
        try:
            quantities = known_names("quantity", self.quantities, QUANTITY_NAMES)
            formats = known_names("format", self.formats, FORMAT_NAMES, FORMAT_ALIASES)
            if self.targets is not None:
                known_name("target domain", self.targets, TARGET_DOMAINS)
            if self.at_least is not None:
                known_name("level", self.at_least, LEVEL_NAMES)
            if self.largest_logit is not None:
                largest = Domain(largest_logit=_number(self.largest_logit)).largest_logit
                object.__setattr__(self, "largest_logit", largest)
        except ValueError as error:
            raise SpecError(str(error)) from error
        if self.device is not None and (not isinstance(self.device, str) or not self.device):
            raise SpecError(
                f"the device is {self.device!r}; expected its name, such as 'cpu' or 'cuda:0'"
            )
        object.__setattr__(self, "quantities", quantities)
        object.__setattr__(self, "formats", formats)

    def keywords(self) -> OptionValues:
        """Return the options that differ from their defaults, as keywords.

        Examples
        --------
        >>> Options(formats=["half"], targets="any").keywords()
        {'formats': ('binary16',), 'targets': 'any'}
        """
        given = {
            option.name: getattr(self, option.name)
            for option in fields(self)
            if getattr(self, option.name) != option.default
        }
        return cast("OptionValues", given)

    def domain_over(self, declared: Domain) -> Domain:
        """Return the domain to certify: the declared one with the targets and logits chosen.

        Examples
        --------
        >>> Options(targets="any", largest_logit=50).domain_over(Domain(fewest_classes=2))
        Domain(targets='any', largest_logit=50.0, fewest_classes=2)
        """
        chosen = {"targets": self.targets, "largest_logit": self.largest_logit}
        given = {name: value for name, value in chosen.items() if value is not None}
        return replace(declared, **cast("Any", given))

    def level_over(self, declared: LevelName | None) -> LevelName | None:
        """Return the level to demand: the declared one, unless another is chosen.

        Examples
        --------
        >>> Options(at_least="wide").level_over("shifted"), Options().level_over("shifted")
        ('wide', 'shifted')
        """
        return declared if self.at_least is None else cast("LevelName", self.at_least)
