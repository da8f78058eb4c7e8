"""The built-ins by name: the implementations meant to be right, and the catalogue of flaws.

A flaw is data and code together, one module of ``flawed/``. A right implementation that computes in
an unusual way is one module of ``unusual/``. Their ids are the names of the modules with dashes.
The first line of a module's docstring is its title. The rest is its story: for a flaw, how people
come to make the mistake.
"""

import ast
import functools
import importlib.resources
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from gradcert_implementations.interface import Domain, Implementation, Loss
from gradcert_implementations.names import FormatName

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from gradcert_implementations.interface import Array, Function

__all__ = [
    "BUILT_IN",
    "FLAWED",
    "LEDGER_FORMULAS",
    "LIBRARIES",
    "MODULES",
    "PARSING",
    "UNUSUAL",
    "Flaw",
    "FlawKind",
    "Rows",
    "documented",
    "plugged_in",
]

PARSING = threading.Lock()
"""Held while Python source is parsed.

CPython counts the depth of a syntax tree in one place for all threads, and raises a SystemError
where two of them parse: https://github.com/python/cpython/issues/106905.
"""

BUILT_IN = {
    "numpy": "gradcert_implementations.numpy_by_hand",
    "torch": "gradcert_implementations.torch_autograd",
    "jax": "gradcert_implementations.jax_autodiff",
}
"""The module of each built-in that is meant to be right."""

LEDGER_FORMULAS = {
    "any-targets": "gradcert_implementations.any_targets",
    "sigmoid-product": "gradcert_implementations.sigmoid_product",
    "identity-product": "gradcert_implementations.identity_product",
}
"""The module of each formula that a claim of the ledger is about."""


def _modules_of(package: str) -> dict[str, str]:
    """Return the modules of a package by their ids, without importing them."""
    files = (file.name for file in importlib.resources.files(package).iterdir())
    names = sorted(file.removesuffix(".py") for file in files if file.endswith(".py"))
    return {name.replace("_", "-"): f"{package}.{name}" for name in names if name != "__init__"}


FLAWED = _modules_of("gradcert_implementations.flawed")
"""The module of each implementation that is wrong on purpose."""

LIBRARIES = _modules_of("gradcert_implementations.libraries")
"""The module of each library's own loss or gradient; the extra of the same name installs it."""

UNUSUAL = _modules_of("gradcert_implementations.unusual")
"""The module of each implementation that is right and computes in an unusual way."""

MODULES = BUILT_IN | LEDGER_FORMULAS | LIBRARIES | UNUSUAL | FLAWED
"""The module of each built-in of every kind."""


@functools.cache
def plugged_in() -> "dict[str, EntryPoint]":
    """Return the implementations that other distributions declare: their entry points by name.

    The group is ``gradcert.implementations``. An entry point with the name of a built-in is left
    out.
    """
    from importlib.metadata import entry_points  # Slow to import; --help does not need it.

    declared = entry_points(group="gradcert.implementations")
    return {point.name: point for point in declared if point.name not in MODULES}


Rows: TypeAlias = tuple[tuple[float, ...], ...]


class FlawKind(StrEnum):
    """What goes wrong in a flaw, told apart by where a reader would look for the mistake."""

    FORMULA = "formula"
    """It is wrong on paper: a derivative, a factor, a sign, an axis, a term too many."""

    PRECISION = "precision"
    """Digits or small values are lost: a narrow format, a clamp, a rough approximation."""

    OVERFLOW = "overflow"
    """A step overflows or underflows although the answer does not."""

    MASK = "mask"
    """A class that is masked with -inf spoils the others."""

    IGNORED = "ignored"
    """A row whose label is ignored has a gradient, or counts in a mean."""

    SIZE = "size"
    """Some numbers of classes or rows go wrong: a block, a tail, a lane, an index."""

    MEMORY = "memory"
    """It reads or writes the wrong memory: strides, another row, a shared or fresh buffer."""

    CALL = "call"
    """The answer depends on earlier calls, or hides what it was given."""

    SIDE_EFFECT = "side effect"
    """A call prints, or changes a setting of the process."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Flaw(Implementation):
    """An implementation that is wrong on purpose, in one known way.

    Attributes
    ----------
    formula
        What it computes or does, in one line.
    source
        Where the mistake was reported, or where the right way is described.
    kind
        What goes wrong: the formula, the precision, the memory, ...
    links
        The URLs of what the source names; empty where it is a common slip.
    exposed_by
        The smallest input that shows it: the rows of the first argument (logits, or probabilities
        for dE/do), the rows of targets, and those of v if one of its quantities takes it.
    upstream
        The upstream gradient of that input, one number a row; ones if it is empty.
    verdict
        The verdict of its certificate. A weakness that only misses the best level ``conforms``.
    rounds_to
        The narrower format to which its values are rounded, if there is one.
    own
        The options of a loss that its functions compute themselves. If it has any, `functions_for`
        returns its functions for a loss, which need not compute other options, and none for a loss
        under which the mistake cannot be made. See :mod:`gradcert_implementations.lifted`.
    again
        What a second backward makes of the answer of the first one and of the upstream gradient.
        If it is given, `second_backward` is made of it, under every loss.
    """

    formula: str
    source: str
    kind: FlawKind
    links: tuple[str, ...]
    exposed_by: tuple[Rows, Rows] | tuple[Rows, Rows, Rows]
    upstream: tuple[float, ...] = ()
    verdict: Literal["refuted", "broken", "conforms"] = "refuted"
    rounds_to: FormatName | None = None
    own: tuple[str, ...] = ()
    again: "Function | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        gradient, again = self.functions.get("dE/dz"), self.again
        if gradient is None or again is None:
            return

        def second_backward(logits: "Array", targets: "Array", upstream: "Array") -> "Array":
            return again(gradient(logits, targets, upstream), upstream)

        object.__setattr__(self, "second_backward", second_backward)

    def with_loss(self, loss: Loss, domain: Domain | None = None) -> Self:
        """Return the flaw as it is made under another loss; :func:`.lifted.lifted` says how.

        Returns
        -------
        A flaw that claims `loss`.
        """
        from gradcert_implementations.lifted import lifted  # It imports numpy; `list` must not.

        if loss == self.loss or loss.output != self.loss.output:
            return super().with_loss(loss, domain)
        return lifted(self, loss, domain)


@functools.cache
def documented(name: str) -> tuple[str, str]:
    """Return the title and the story of a built-in, read from its file without importing it.

    Both are plain text: the double backquotes of reStructuredText are removed.

    Returns
    -------
    Two texts: a title of one line, and the story in paragraphs.

    Examples
    --------
    >>> documented("torch")[0]
    'PyTorch: only the loss is written, autograd differentiates it.'
    """
    package, _, path = MODULES[name].partition(".")
    source = importlib.resources.files(package).joinpath(path.replace(".", "/") + ".py")
    with PARSING:
        tree = ast.parse(source.read_text())
    documentation = ast.get_docstring(tree) or ""
    title, _, text = documentation.replace("``", "").partition("\n")
    return title, text.strip()
