"""The global random states of Python and numpy, which other people's code reads and sets."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

__all__ = ["Followed", "Stretch", "followed_numpy", "followed_python", "restored", "seed", "seeded"]


class _Generator(Protocol):
    """What ``random.Random`` has."""

    def random(self) -> float: ...
    def getstate(self) -> Any: ...
    def setstate(self, state: Any, /) -> None: ...


class _GlobalNumpy:
    """numpy's global generator. Its bit generator may be replaced, and belongs to its state."""

    random = staticmethod(np.random.random_sample)

    def getstate(self) -> Any:
        bits = np.random.get_bit_generator()  # type: ignore[attr-defined]
        return bits, np.random.get_state(legacy=False)  # noqa: NPY002  # Others use this one.

    def setstate(self, state: Any) -> None:
        bits, inner = state
        np.random.set_bit_generator(bits)  # type: ignore[attr-defined]
        np.random.set_state(inner)  # noqa: NPY002


class _OwnNumpy:
    """A generator of our own that may take the state of numpy's global one."""

    def __init__(self) -> None:
        self.setstate(_NUMPY.getstate())

    def random(self) -> float:
        return self._generator.random_sample()

    def getstate(self) -> Any:
        return self._bits, self._generator.get_state(legacy=False)

    def setstate(self, state: Any) -> None:
        self._bits, inner = state
        self._generator = np.random.RandomState(type(self._bits)())
        self._generator.set_state(inner)


_PYTHON = cast("random.Random", cast("Any", random.random).__self__)
_NUMPY = _GlobalNumpy()


@dataclass(eq=False)
class Stretch:
    """A part of a generator's sequence in which nobody else drew, or set a seed.

    Attributes
    ----------
    left
        The state in which it was left; None while it goes on.
    """

    left: Any = None


class Followed:
    """A global generator, and one of our own that draws the same numbers beside it.

    A look costs one draw from each, where a comparison of two states costs a hundred times as much.
    And as every look moves the generator on, setting its old seed again is a change, too.

    Examples
    --------
    >>> generator = followed_python()
    >>> before = generator.stretch()
    >>> generator.stretch() is before
    True
    >>> random.seed(7)
    >>> generator.stretch() is before
    False
    >>> generator.resume(before)
    >>> generator.stretch() is before
    True
    """

    def __init__(self, theirs: _Generator, ours: _Generator) -> None:
        self._theirs, self._ours = theirs, ours
        self._stretch = Stretch()
        ours.setstate(theirs.getstate())

    def stretch(self) -> Stretch:
        """Return the stretch that goes on: the one returned last, or one that begins now."""
        if self._theirs.random() != self._ours.random():
            self._stretch.left = self._ours.getstate()
            self._stretch = Stretch()
            self._ours.setstate(self._theirs.getstate())
        return self._stretch

    def resume(self, stretch: Stretch) -> None:
        """Go on with a stretch from where it was left."""
        if self.stretch() is not stretch:
            self._stretch.left = self._ours.getstate()
            self._stretch = stretch
            self._theirs.setstate(stretch.left)
            self._ours.setstate(stretch.left)


def followed_python() -> Followed:
    """Follow Python's global generator."""
    return Followed(_PYTHON, random.Random())


def followed_numpy() -> Followed:
    """Follow numpy's global generator."""
    return Followed(_NUMPY, _OwnNumpy())


@contextmanager
def restored() -> Iterator[None]:
    """Set both states back at the end."""
    python, numpy = _PYTHON.getstate(), _NUMPY.getstate()
    try:
        yield
    finally:
        _PYTHON.setstate(python)
        _NUMPY.setstate(numpy)


def seed() -> None:
    """Let both states begin anew."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002


@contextmanager
def seeded() -> Iterator[None]:
    """Begin with the same states in every run, and set them back at the end."""
    with restored():
        seed()
        yield
