"""Whole runs of the command, timed from outside: from the start of Python to the last line."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RUNS", "Whole", "seconds"]


@dataclass(frozen=True)
class Whole:
    """A run of ``gradcert certify``.

    Attributes
    ----------
    name
        What the tables call it.
    spec
        What is certified.
    limit
        The seconds that it may take on one core, import and compilation included.
    options
        The options of the command.
    """

    name: str
    spec: str
    limit: float
    options: tuple[str, ...] = ()


_PLAIN = f"{Path(__file__).with_name('plain_function.py')}:gradient"

RUNS = (
    Whole("a plain function", _PLAIN, 5),
    Whole("a plain function, isolated", _PLAIN, 7, ("--isolate",)),
    Whole("numpy", "numpy", 12),
    Whole("torch", "torch", 20),
    Whole("jax", "jax", 40),
)
"""A plain function claims dE/dz in two formats; the built-ins claim all quantities they have."""


def _on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):  # Elsewhere it takes the cores that it wants.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(run: Whole) -> float:
    """Do a run, and return the seconds that it took.

    Raises
    ------
    RuntimeError
        If it does not conform. The message has what it said.
    """
    command = [Path(sys.executable).with_name("gradcert"), "certify", run.spec, *run.options]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, preexec_fn=_on_one_core)
    took = time.perf_counter() - begin
    if done.returncode:
        said = (done.stdout + done.stderr).decode()
        raise RuntimeError(f"{run.name} ended with {done.returncode}:\n{said}")
    return took
