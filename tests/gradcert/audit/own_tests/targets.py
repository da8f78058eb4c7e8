"""What is replaced: a function, a class or a method, by the name with which tests import it."""

import importlib
import inspect
import re
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from gradcert_implementations.errors import one_line
from gradcert_implementations.names import did_you_mean

__all__ = ["CannotReplace", "Place", "Target", "imported", "place_of"]

_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_TARGET = re.compile(f"(?P<module>{_DOTTED}):(?P<attribute>{_DOTTED})")


class CannotReplace(ValueError):
    """A name of nothing that can be replaced. The message is one line."""


@dataclass(frozen=True)
class Target:
    """What is replaced.

    Attributes
    ----------
    module
        The module, by the name with which it is imported.
    attribute
        The function in it, such as ``fused`` or ``Fused.apply``.
    """

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"

    @classmethod
    def named(cls, text: str) -> "Target":
        """Return what a user names.

        Raises
        ------
        CannotReplace
            If the text does not name anything.

        Examples
        --------
        >>> Target.named("my_kernels.ce:Fused.apply")
        Target(module='my_kernels.ce', attribute='Fused.apply')
        >>> Target.named("my_kernels/ce.py:fused")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        gradcert.audit.own_tests.targets.CannotReplace: cannot replace 'my_kernels/ce.py:fused'; ...
        """
        found = _TARGET.fullmatch(text)
        if found is None:
            raise CannotReplace(
                f"cannot replace {text!r}; expected MODULE:NAME as the tests import it, "
                "such as my_kernels.ce:fused_cross_entropy or my_kernels.ce:Fused.apply"
            )
        return cls(**found.groupdict())


@dataclass(frozen=True, eq=False)
class Place:
    """An attribute of a module, a class or an object."""

    holder: Any
    name: str


def imported(module: str) -> ModuleType:
    """Import the module of a target.

    Raises
    ------
    CannotReplace
        If it cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and (module == missing or module.startswith(f"{missing}.")):
            raise CannotReplace(
                f"there is no module {missing!r}; name the module as the tests import it"
            ) from error
        raise CannotReplace(f"{module} does not import: {one_line(error)}") from error


def _of_torch(kind: type, module: str, name: str) -> bool:
    """Return whether this is a class of PyTorch, which may be half imported."""
    return issubclass(kind, getattr(sys.modules.get(module), name, ()))


def _through(value: Any, target: Target) -> str:
    """Return the method through which a class or a PyTorch module is called; empty for others."""
    kind = value if isinstance(value, type) else type(value)
    if _of_torch(kind, "torch.nn.modules.module", "Module"):
        return "forward"
    if not isinstance(value, type):
        return ""
    if _of_torch(kind, "torch.autograd.function", "Function"):
        return "apply"
    if inspect.isfunction(inspect.getattr_static(kind, "__call__", None)):
        return "__call__"
    raise CannotReplace(
        f"{target} is a class whose objects cannot be called; name a method, "
        f"such as {target}.gradient"
    )


def place_of(target: Target, module: ModuleType) -> Place:
    """Return where a function stands: a class is replaced through the method that calls it.

    Raises
    ------
    CannotReplace
        If it is not there, or cannot be called.
    """
    holder: Any = module
    value, where, mark = holder, target.module, ":"
    for name in target.attribute.split("."):
        holder = value
        if not hasattr(holder, name):
            known = [one for one in dir(holder) if not one.startswith("_")]
            raise CannotReplace(
                f"{where} has no attribute {name!r}; {did_you_mean(name, known)}"
                "name a function, a class or Class.method"
            )
        value, where, mark = getattr(holder, name), f"{where}{mark}{name}", "."
    if not callable(value):
        raise CannotReplace(f"{target} is {type(value).__name__}, and cannot be called")
    through = _through(value, target)
    return Place(value, through) if through else Place(holder, name)
