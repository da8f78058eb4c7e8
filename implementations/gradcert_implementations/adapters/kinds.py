"""What an adapter of a framework is given: a loss, or a function of the logits alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradcert_implementations.adapters.signatures import cannot_be_called, takes
from gradcert_implementations.interface import Function
from gradcert_implementations.names import QUANTITIES_OF_A_LOSS, QuantityName
from gradcert_implementations.options import Options

__all__ = ["LOG_SOFTMAX", "LOSS", "SOFTMAX", "Kind", "chosen_functions", "kind_of"]


@dataclass(frozen=True)
class Kind:
    """A kind of function that a framework differentiates.

    Attributes
    ----------
    name
        What it is called in messages.
    arguments
        What it is called with.
    quantities
        What it gives: its values, and what the framework derives from them.
    """

    name: str
    arguments: tuple[str, ...]
    quantities: tuple[QuantityName, ...]

    def __str__(self) -> str:
        return f"{self.name} gives {' or '.join(self.quantities)}"


LOSS = Kind("a loss", ("logits", "targets"), ("loss", "dE/dz", "dE/do", "hvp", "dE/dt"))
SOFTMAX = Kind("a softmax", ("logits",), ("softmax", "softmax-backward"))
LOG_SOFTMAX = Kind("a log-softmax", ("logits",), ("log-softmax", "log-softmax-backward"))

_KINDS = (LOSS, SOFTMAX, LOG_SOFTMAX)


def _chosen(options: Options) -> tuple[str, ...]:
    return tuple(options.quantities) or QUANTITIES_OF_A_LOSS


def kind_of(name: str, function: Callable[..., Any], options: Options) -> Kind:
    """Return what a function is, as the chosen quantities say. By default it is a loss.

    Parameters
    ----------
    name
        What it is called in messages.
    function
        It has the signature that counts.
    options
        They have the quantities.

    Raises
    ------
    ValueError
        In one line, if no kind has all the chosen quantities, or the function does not take the
        arguments of that kind.

    Examples
    --------
    >>> kind_of("mine", lambda z: z, Options(quantities=["softmax-backward"])).name
    'a softmax'
    """
    chosen = _chosen(options)
    kind = next((one for one in _KINDS if set(chosen) <= set(one.quantities)), None)
    if kind is None:
        raise ValueError(
            f"{' and '.join(chosen)} cannot be claimed here; choose quantities of one kind: "
            f"{', '.join(map(str, _KINDS))}"
        )
    if not takes(function, len(kind.arguments)):
        suitable = (one for one in _KINDS if takes(function, len(one.arguments)))
        others = [quantity for one in suitable for quantity in one.quantities]
        raise cannot_be_called(name, kind.arguments, kind.name, others)
    return kind


def chosen_functions(functions: Mapping[str, Function], options: Options) -> dict[str, Function]:
    """Return the functions of the chosen quantities; those of a loss's value and dE/dz by default.

    Examples
    --------
    >>> list(chosen_functions(dict.fromkeys(LOSS.quantities, print), Options()))
    ['loss', 'dE/dz']
    """
    return {name: functions[name] for name in _chosen(options)}
