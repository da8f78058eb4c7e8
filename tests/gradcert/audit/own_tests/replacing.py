"""A function replaced by another one wherever it is held, and put back."""

import functools
import gc
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import FunctionType, MethodType, ModuleType
from typing import Any

from gradcert.audit.own_tests.targets import CannotReplace, Place, Target, imported, place_of

__all__ = ["Replacing"]

_Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class _Undo:
    """What an attribute was. It has no value of its own where it was inherited."""

    place: Place
    own: bool
    before: Any

    def __call__(self) -> None:
        if self.own:
            setattr(self.place.holder, self.place.name, self.before)
        else:
            delattr(self.place.holder, self.place.name)


def _same(value: Any, function: Any) -> bool:
    """Return whether this is a function; each access makes another bound method.

    Some objects warn where ``isinstance`` asks them for their class.
    """
    return value is function or (type(value) is MethodType and bool(value == function))


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # It is empty.
        return None


def _holders(function: _Function, wrapper: _Function | None) -> Iterator[str]:
    """Yield what holds a function beside the wrapper."""
    for one in gc.get_objects():
        if type(one) is functools.partial and _same(one.func, function):
            yield "a functools.partial"
        elif type(one) is FunctionType and one is not wrapper:
            name = f"{one.__module__}.{one.__qualname__}"
            given = (*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values())
            if any(_same(value, function) for value in given):
                yield f"a default argument of {name}"
            elif any(_same(_contents(cell), function) for cell in one.__closure__ or ()):
                yield f"a closure of {name}"


def _places(function: _Function | None) -> Iterator[Place]:
    """Yield the attributes of modules that are a function."""
    for module in list(sys.modules.values()):
        if function is not None and issubclass(type(module), ModuleType):
            for name, value in list(vars(module).items()):
                if _same(value, function):
                    yield Place(module, name)


class _AfterImport:
    """A finder that lets a function be called as soon as a module is executed."""

    def __init__(self, module: str, after: Callable[[ModuleType], None]) -> None:
        self._module, self._after = module, after

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the module is, as the other finders say, with a loader that tells."""
        if name != self._module:
            return None
        sys.meta_path.remove(self)
        spec = None
        for finder in list(sys.meta_path):
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        if spec is None:
            sys.meta_path.insert(0, self)
        elif spec.loader is not None and not isinstance(spec.loader, type):
            self._tell(spec.loader)
        return spec

    def _tell(self, loader: Any) -> None:
        execute = loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == self._module:
                del loader.exec_module
                self._after(module)

        loader.exec_module = executed


class Replacing:
    """A function, replaced as soon as its module is imported, so that nobody takes it before.

    Parameters
    ----------
    target
        What is replaced: a function of a module, a class, or a method. A PyTorch module is replaced
        through its ``forward``, an ``autograd.Function`` through its ``apply``, and any other class
        through its ``__call__``.
    wrap
        Returns the function that takes the place of another one.
    """

    def __init__(self, target: Target, wrap: Callable[[_Function], _Function]) -> None:
        self.target = target
        self._wrap = wrap
        self._finder = _AfterImport(target.module, self._try)
        self._undo: list[_Undo] = []
        self._original: _Function | None = None
        self._wrapper: _Function | None = None

    def begin(self) -> None:
        """Replace it now where its module is imported already, and else once it is."""
        module = sys.modules.get(self.target.module)
        if module is None:
            sys.meta_path.insert(0, self._finder)
        else:
            self._try(module)

    def _try(self, module: ModuleType) -> None:
        try:
            self._replace(module)
        except CannotReplace:
            return  # This is said at the end: the tests may define the function.

    def finish(self) -> None:
        """Replace it in every module that holds it.

        Raises
        ------
        CannotReplace
            If there is no such function.
        """
        module = imported(self.target.module)
        if self._original is None:
            self._replace(module)
        self._everywhere()

    def restore(self) -> None:
        """Put everything back."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._undo:
            self._undo.pop()()
        for place in _places(self._wrapper):  # What was imported from a module in the meantime.
            setattr(place.holder, place.name, self._original)
        self._original = self._wrapper = None

    def held_by(self) -> list[str]:
        """Return what took the function before it could be replaced."""
        if self._original is None:
            return []
        return list(dict.fromkeys(_holders(self._original, self._wrapper)))

    def _set(self, place: Place, value: Any) -> None:
        own = vars(place.holder)
        self._undo.append(_Undo(place, place.name in own, own.get(place.name)))
        setattr(place.holder, place.name, value)

    def _replace(self, module: ModuleType) -> None:
        place = place_of(self.target, module)
        original = getattr(place.holder, place.name)
        value: Any
        if isinstance(place.holder, type):
            raw = inspect.getattr_static(place.holder, place.name)
            bound = isinstance(raw, staticmethod | classmethod) or not hasattr(raw, "__get__")
            self._wrapper = self._wrap(original if bound else raw)
            value = staticmethod(self._wrapper) if bound else self._wrapper
        else:
            value = self._wrapper = self._wrap(original)
        self._original = original
        self._set(place, value)
        self._everywhere()

    def _everywhere(self) -> None:
        for place in _places(self._original):
            self._set(place, self._wrapper)
