"""The options of a run: which part of an implementation is certified, and how it is loaded.

One record, :class:`Options`, goes from the command line, pytest and Python to the loader, and as
JSON to another process. A new option is a field here, and its key in :class:`OptionValues`. The
command line and pytest build their options from the metadata of the fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypedDict, cast

from gradcert_implementations.importing import SpecError
from gradcert_implementations.interface.domains import Domain
from gradcert_implementations.interface.given import Given, given_fields
from gradcert_implementations.interface.losses import Loss, overridden
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

__all__ = ["SHORT", "OptionValues", "Options"]


class OptionValues(TypedDict, total=False):
    """The same options as keywords, for ``**options: Unpack[OptionValues]``."""

    quantities: Sequence[str]
    formats: Sequence[str]
    targets: str | None
    largest_logit: float | None
    loss: Loss | Mapping[str, Any] | Sequence[str | Given]
    domain: Domain | Mapping[str, Any] | Sequence[str | Given]
    at_least: str | None
    device: str | None


def _option(default: Any, **metadata: str) -> Any:
    return field(default=default, metadata=metadata)


SHORT = ("targets", "largest_logit")
"""The fields of a domain that are options of a run by themselves."""


def _names(record: type[Loss | Domain]) -> str:
    return ", ".join(one.name for one in fields(record))


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
    loss, domain
        The options of the loss and of the domain, each in place of the one it declares: a
        :class:`Loss` or :class:`Domain`, which says the fields that differ from their defaults; a
        dict, which says each of its keys; or a list of texts ``NAME=VALUE``. They are stored as a
        tuple of :class:`Given`. What the domain says of ``targets`` and ``largest_logit`` is stored
        in the options of these names.
    at_least
        The level that its claim demands, in place of the one it declares, which is none by default.
        See :class:`Implementation`.
    device
        Where a loss behind ``torch:`` or ``jax:`` is computed.

    Raises
    ------
    SpecError
        For an unknown name, a value that means nothing, or two values for one thing, in one line.

    Examples
    --------
    >>> Options(formats=["fp32", "bf16"]).formats
    ('binary32', 'bfloat16')
    >>> Options(targets="indices")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    SpecError: unknown target domain 'indices'; did you mean index? choose from index, ...
    >>> Options(largest_logit="100").largest_logit
    100.0
    >>> Options(loss=["label_smoothing=0.1"], domain={"targets": "index"}).targets
    'index'
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
    loss: Any = field(
        default=(),
        metadata={
            "option": "loss",
            "metavar": "NAME=VALUE",
            "help": "An option of the loss that is claimed, such as label_smoothing=0.1: "
            f"{_names(Loss)}. May be repeated.",
        },
    )
    domain: Any = field(
        default=(),
        metadata={
            "option": "domain",
            "metavar": "NAME=VALUE",
            "help": "An option of the domain for which it is claimed, such as classes=50257: "
            f"{_names(Domain)}. May be repeated.",
        },
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
            loss = given_fields(Loss, self.loss)
            domain = self._domain_given()
            if self.at_least is not None:
                known_name("level", self.at_least, LEVEL_NAMES)
        except ValueError as error:
            raise SpecError(str(error)) from error
        if self.device is not None and (not isinstance(self.device, str) or not self.device):
            raise SpecError(
                f"the device is {self.device!r}; expected its name, such as 'cpu' or 'cuda:0'"
            )
        object.__setattr__(self, "quantities", quantities)
        object.__setattr__(self, "formats", formats)
        object.__setattr__(self, "loss", loss)
        for one in domain:
            if one.name in SHORT:
                object.__setattr__(self, one.name, one.value)
        rest = tuple(one for one in domain if one.name not in SHORT)
        object.__setattr__(self, "domain", rest)

    @classmethod
    def of(cls, keywords: OptionValues, beside: Iterable[str] = ()) -> "Options":
        """Return the options that somebody gives as keywords to a function.

        Parameters
        ----------
        keywords
            The options.
        beside
            The names of the other keywords of the function.

        Returns
        -------
        The options.

        Raises
        ------
        SpecError
            For a keyword that is no option, and for an empty list of quantities or formats.
        ValueError
            As for :class:`Options`.

        Examples
        --------
        >>> Options.of({"format": "fp32"}, ["seed"])  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        SpecError: unknown option 'format'; did you mean formats? choose from seed, quantities, ...
        """
        for name, value in keywords.items():
            try:
                known_name("option", name, [*beside, *(one.name for one in fields(cls))])
            except ValueError as error:
                raise SpecError(str(error)) from None
            if name in ("quantities", "formats") and value in ([], ()):
                raise SpecError(f"{name} is {value!r}; name one at least, or leave {name} out")
        return cls(**keywords)

    def _domain_given(self) -> tuple[Given, ...]:
        """Return what is given of the domain, here or by an option of its own."""
        given = list(given_fields(Domain, self.domain))
        for name in SHORT:
            value = getattr(self, name)
            if value is not None:
                item = [f"{name}={value}"] if isinstance(value, str) else {name: value}
                given += given_fields(Domain, item)
        return given_fields(Domain, given)

    def keywords(self) -> OptionValues:
        """Return the options that differ from their defaults, as keywords.

        Returns
        -------
        The values by the names of the fields, as :meth:`of` takes them.

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
        """Return the domain to certify: the declared one with the options chosen.

        Returns
        -------
        A domain. What is chosen wins over what is declared.

        Raises
        ------
        ValueError
            For options that contradict each other.

        Examples
        --------
        >>> Options(targets="any", largest_logit=50).domain_over(Domain(fewest_classes=2))
        Domain(targets='any', largest_logit=50.0, fewest_classes=2)
        """
        given = {name: getattr(self, name) for name in SHORT if getattr(self, name) is not None}
        given |= {one.name: one.value for one in self.domain}
        return replace(declared, **cast("Any", given))

    def loss_over(self, declared: Loss, filled_in: Sequence[Given] = ()) -> Loss:
        """Return the loss to certify: the declared one with the options chosen.

        Parameters
        ----------
        declared
            What the implementation declares.
        filled_in
            What the attributes of the subject say. It wins over what is declared, and what is
            chosen wins over both.

        Returns
        -------
        A loss.

        Raises
        ------
        ValueError
            For options that contradict each other.

        Examples
        --------
        >>> chosen = Options(loss={"reduction": "sum"})
        >>> chosen.loss_over(Loss(), [Given("label_smoothing", 0.1)])
        Loss(label_smoothing=0.1, reduction='sum')
        """
        return overridden(overridden(declared, filled_in), self.loss)

    def level_over(self, declared: LevelName | None) -> LevelName | None:
        """Return the level to demand: the declared one, unless another is chosen.

        Returns
        -------
        The name of a level; None if none is demanded.

        Examples
        --------
        >>> Options(at_least="wide").level_over("shifted"), Options().level_over("shifted")
        ('wide', 'shifted')
        """
        return declared if self.at_least is None else cast("LevelName", self.at_least)
