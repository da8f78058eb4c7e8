"""What is built in, by name: the implementations meant to be right, and the catalogue of flaws.

A flaw is data and code together, one a module of ``flawed/``, and a right implementation that goes
about it in an unusual way is a module of ``unusual/``; the id of either is the module's name with
dashes. The first line of a module's documentation is the title of what it holds, and the rest of it
tells more: of a flaw, how people come to make it.
"""

import ast
import functools
import importlib.resources
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, TypeAlias

from gradcert_implementations.interface import FormatName, Implementation

__all__ = [
    "BUILT_IN",
    "CLAIMED",
    "FLAWED",
    "LIBRARIES",
    "UNUSUAL",
    "Flaw",
    "Rows",
    "documented",
    "plugged_in",
]

BUILT_IN = {
    "numpy": "gradcert_implementations.numpy_by_hand",
    "torch": "gradcert_implementations.torch_autograd",
    "jax": "gradcert_implementations.jax_autodiff",
}
"""The module of each built-in that is meant to be right."""

CLAIMED = {
    "any-targets": "gradcert_implementations.any_targets",
    "sigmoid-product": "gradcert_implementations.sigmoid_product",
    "identity-product": "gradcert_implementations.identity_product",
}
"""The module of each formula that is built in because a claim of the ledger is about it."""


def _modules_of(package: str) -> dict[str, str]:
    """Return the modules of a package by their ids, found without importing them."""
    files = (file.name for file in importlib.resources.files(package).iterdir())
    names = sorted(file.removesuffix(".py") for file in files if file.endswith(".py"))
    return {name.replace("_", "-"): f"{package}.{name}" for name in names if name != "__init__"}


FLAWED = _modules_of("gradcert_implementations.flawed")
"""The module of each implementation that is wrong on purpose."""

LIBRARIES = _modules_of("gradcert_implementations.libraries")
"""The module of each library's own loss or gradient; the extra of the same name installs it."""

UNUSUAL = _modules_of("gradcert_implementations.unusual")
"""The module of each implementation that is right and goes about it in an unusual way."""


@functools.cache
def plugged_in() -> dict[str, EntryPoint]:
    """Return the entry points by which other distributions declare implementations, by name.

    They are those of the group ``gradcert.implementations``; one that has the name of a built-in is
    passed over.
    """
    taken = BUILT_IN | CLAIMED | LIBRARIES | UNUSUAL | FLAWED
    found = entry_points(group="gradcert.implementations")
    return {point.name: point for point in found if point.name not in taken}


Rows: TypeAlias = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Flaw(Implementation):
    """An implementation that is wrong on purpose, in one known way.

    Attributes
    ----------
    formula
        What it computes or does, in one line.
    source
        Where the mistake was reported, or where the right way is told.
    exposed_by
        The smallest input that shows it: rows of logits, or of probabilities for dE/do, and rows of
        targets.
    verdict
        What its certificate says; ``conforms`` is for a weakness that only costs the best level.
    rounds_to
        The format its values carry the rounding of, where that is narrower than their own.
    """

    formula: str
    source: str
    exposed_by: tuple[Rows, Rows]
    verdict: Literal["refuted", "broken", "conforms"] = "refuted"
    rounds_to: FormatName | None = None


def documented(name: str) -> tuple[str, str]:
    """Return the title and the text of a built-in's documentation, read without importing it.

    They are plain text: what reStructuredText marks as code is not marked.

    Examples
    --------
    >>> documented("torch")[0]
    'PyTorch: only the loss is written, autograd differentiates it.'
    """
    package, _, path = (BUILT_IN | CLAIMED | LIBRARIES | UNUSUAL | FLAWED)[name].partition(".")
    source = importlib.resources.files(package).joinpath(path.replace(".", "/") + ".py")
    documentation = ast.get_docstring(ast.parse(source.read_text())) or ""
    title, _, text = documentation.replace("``", "").partition("\n")
    return title, text.strip()
