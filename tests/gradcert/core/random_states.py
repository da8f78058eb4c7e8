"""The global random states of Python and numpy, which other people's code reads and sets."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["legacy_state", "restored", "seed", "seeded"]


def legacy_state() -> tuple[Any, ...]:
    """Return the state of numpy's global generator."""
    return tuple(np.random.get_state(legacy=True))  # noqa: NPY002  # Others use this one.


@contextmanager
def restored() -> Iterator[None]:
    """Set both states back at the end."""
    kept, legacy = random.getstate(), legacy_state()
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(legacy)  # noqa: NPY002


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
