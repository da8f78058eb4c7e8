"""The names of quantities, formats, levels, targets and outputs, and what users may type."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal, TypeVar, get_args

__all__ = [
    "FORMAT_ALIASES",
    "FORMAT_NAMES",
    "LEVEL_NAMES",
    "OUTPUT_NAMES",
    "QUANTITIES_OF_A_LOSS",
    "QUANTITIES_WITH_UPSTREAM",
    "QUANTITY_ARGUMENTS",
    "QUANTITY_NAMES",
    "TARGET_DOMAINS",
    "FormatName",
    "LevelName",
    "OutputName",
    "QuantityName",
    "TargetDomain",
    "did_you_mean",
    "known_name",
    "known_names",
    "printable",
]

QuantityName = Literal[
    "softmax",
    "loss",
    "dE/do",
    "do/dz",
    "dE/dz",
    "log-softmax",
    "softmax-backward",
    "log-softmax-backward",
    "hvp",
    "dE/dt",
]
FormatName = Literal["binary64", "binary32", "binary16", "bfloat16"]
LevelName = Literal["faithful", "wide", "shifted", "log-softmax", "log-sum-exp"]
TargetDomain = Literal["index", "probability", "any", "signed"]
OutputName = Literal["softmax", "sigmoid", "identity"]

QUANTITY_NAMES: tuple[QuantityName, ...] = get_args(QuantityName)
QUANTITIES_OF_A_LOSS: tuple[QuantityName, ...] = ("loss", "dE/dz")
"""Those that have a definition for a loss with options: its value and its gradient."""

QUANTITIES_WITH_UPSTREAM: tuple[QuantityName, ...] = ("dE/dz",)
"""Those whose function may be called with an upstream gradient too."""

QUANTITY_ARGUMENTS: Mapping[QuantityName, tuple[str, ...]] = {
    "softmax": ("logits",),
    "loss": ("logits", "targets"),
    "dE/do": ("probabilities", "targets"),
    "do/dz": ("logits",),
    "dE/dz": ("logits", "targets"),
    "log-softmax": ("logits",),
    "softmax-backward": ("logits", "v"),
    "log-softmax-backward": ("logits", "v"),
    "hvp": ("logits", "targets", "v"),
    "dE/dt": ("logits", "targets"),
}
"""What the function of each quantity is called with, in this order."""

FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)
LEVEL_NAMES: tuple[LevelName, ...] = get_args(LevelName)
TARGET_DOMAINS: tuple[TargetDomain, ...] = get_args(TargetDomain)
OUTPUT_NAMES: tuple[OutputName, ...] = get_args(OutputName)

FORMAT_ALIASES: dict[str, FormatName] = {
    **dict.fromkeys(("float64", "fp64", "f64", "double"), "binary64"),
    **dict.fromkeys(("float32", "fp32", "f32", "single"), "binary32"),
    **dict.fromkeys(("float16", "fp16", "f16", "half"), "binary16"),
    "bf16": "bfloat16",
}
"""The IEEE name of each format by the other names that users type for it."""

_Name = TypeVar("_Name", bound=str)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ``"did you mean NAME? "`` for the known name nearest to `given`, or an empty string.

    Upper and lower case count as equal.

    Returns
    -------
    A text that ends in a space, or an empty one, to stand in a message.

    Examples
    --------
    >>> did_you_mean("BFLOAT", ["binary64", "bfloat16"])
    'did you mean bfloat16? '
    >>> did_you_mean("posit", ["binary64", "bfloat16"])
    ''
    """
    names = {name.lower(): name for name in known}
    near = get_close_matches(given.lower(), names, n=1)
    return f"did you mean {names[near[0]]}? " if near else ""


def known_name(
    what: str, given: object, known: Sequence[_Name], aliases: Mapping[str, _Name] | None = None
) -> _Name:
    """Return the known name that `given` stands for.

    Parameters
    ----------
    what
        What the name is a name of, for the message.
    given
        What the user typed.
    known, aliases
        The names, and the names by what else may be typed for them.

    Returns
    -------
    One of `known`.

    Raises
    ------
    ValueError
        For any other name, with the nearest one and all choices, in one line.

    Examples
    --------
    >>> known_name("format", "fp32", FORMAT_NAMES, FORMAT_ALIASES)
    'binary32'
    >>> known_name("targets", "indices", ("index", "probability"))
    Traceback (most recent call last):
    ValueError: unknown targets 'indices'; did you mean index? choose from index, probability
    """
    nearest = ""
    if isinstance(given, str):
        names = dict(zip(known, known, strict=True)) | dict(aliases or {})
        if given in names:
            return names[given]
        nearest = did_you_mean(given, names)
    raise ValueError(f"unknown {what} {given!r}; {nearest}choose from {', '.join(known)}")


def known_names(
    what: str, given: object, known: Sequence[_Name], aliases: Mapping[str, _Name] | None = None
) -> tuple[_Name, ...]:
    """Return the known names that the items of `given` stand for, each once.

    Returns
    -------
    Some of `known`, in the order of `given`.

    Raises
    ------
    ValueError
        For a name that is unknown, and for anything but a collection of names, in one line.

    Examples
    --------
    >>> known_names("format", ["bf16", "float32", "fp32"], FORMAT_NAMES, FORMAT_ALIASES)
    ('bfloat16', 'binary32')
    >>> known_names("format", "fp32", FORMAT_NAMES, FORMAT_ALIASES)
    Traceback (most recent call last):
    ValueError: 'fp32' is not a list of format names; write ['fp32']
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        example = given if isinstance(given, str) else known[0]
        raise ValueError(f"{given!r} is not a list of {what} names; write [{example!r}]")
    return tuple(dict.fromkeys(known_name(what, name, known, aliases) for name in given))


def printable(text: str) -> str:
    r"""Return `text` in one line, with spaces in place of control characters and line breaks.

    ``gradcert_reports.text.escape`` has the same function, because the two rooms may not import
    each other.

    Returns
    -------
    A text without line breaks and control characters.

    Examples
    --------
    >>> printable("a\tkernel\x1b[31m\nof mine")
    'a kernel [31m of mine'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
