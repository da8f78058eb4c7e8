"""What a call leaves changed in its process: the state is read, compared, and put back.

It imports neither the oracle nor a check, so that a process with nothing but a subject can use it.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from gradcert.core.state.captured_output import descriptors_kept
from gradcert.core.state.framework_settings import framework_settings
from gradcert.core.state.process_settings import SETTINGS
from gradcert.core.state.setting import UNKNOWN, Setting
from gradcert.core.state.signal_settings import SIGNAL_SETTINGS, timers_harmless

__all__ = ["State", "kept_state", "put_back", "read", "settings", "watched_state"]


@dataclass(frozen=True)
class State:
    """The settings of the process at one moment.

    Attributes
    ----------
    values
        The value of each setting, by its name.
    modules
        How many modules were loaded.
    """

    values: Mapping[str, Any]
    modules: int


def settings() -> tuple[Setting, ...]:
    """Return all settings that the process has now."""
    return SETTINGS + SIGNAL_SETTINGS + framework_settings()


def _value(setting: Setting) -> Any:
    try:
        return setting.read()
    except Exception:  # noqa: BLE001  # A subject may have broken what is read.
        return UNKNOWN


def _changed(setting: Setting, original: Any) -> bool:
    value = _value(setting)
    try:
        return value is UNKNOWN or not setting.same(original, value)
    except Exception:  # noqa: BLE001  # Equality of a subject's object may do anything.
        return True


def read() -> State:
    """Return the state of the process. The global random generators move on by one number."""
    return State({setting.name: _value(setting) for setting in settings()}, len(sys.modules))


@dataclass(frozen=True)
class _Change:
    """A setting that was changed, and the value that it had before."""

    setting: Setting
    original: Any


def _changes_since(before: State) -> list[_Change]:
    loaded = len(sys.modules) != before.modules
    return [
        _Change(setting, original)
        for setting in settings()
        if (original := before.values.get(setting.name, setting.default)) is not UNKNOWN
        if not (loaded and setting.set_by_loading) and _changed(setting, original)
    ]


def _restored(changes: list[_Change]) -> dict[str, str]:
    for change in changes:
        with suppress(Exception):  # What was deleted, such as a folder, cannot be had again.
            change.setting.restore(change.original)
    return {change.setting.name: change.setting.expression for change in changes}


def put_back(before: State) -> dict[str, str]:
    """Put back what has changed since a state was read, and return what that was.

    Warnings filters, the environment and the recursion limit stay as they are where a module was
    loaded in between, because libraries set them when they are loaded. A framework that was loaded
    in between had its defaults before. Only :func:`watched_state` can open a closed stream again.

    Returns
    -------
    The Python that shows each changed setting, by the name of the setting.

    Examples
    --------
    >>> import numpy as np
    >>> before = read()
    >>> _ = np.seterr(all="ignore")
    >>> put_back(before)
    {"numpy's error mode": 'np.geterr()'}
    >>> put_back(before)
    {}
    """
    return _restored(_changes_since(before))


@contextmanager
def watched_state() -> Iterator[dict[str, str]]:
    """Put back what the block changes. The mapping is that of :func:`put_back`, once it is over.

    Examples
    --------
    >>> import os
    >>> with watched_state() as changes:
    ...     _ = os.umask(0o007)
    >>> list(changes)
    ['the umask']
    """
    changes: dict[str, str] = {}
    found: list[_Change] = []
    before = read()
    try:
        with descriptors_kept():
            try:
                yield changes
            finally:
                found = _changes_since(before)
    finally:
        changes |= _restored(found)


@contextmanager
def kept_state() -> Iterator[None]:
    """Put back what a block of many calls changes, and let no timer of theirs end the process."""
    with timers_harmless(), watched_state():
        yield
