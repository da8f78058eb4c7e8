"""Hypothesis strategies: how rows of all regimes make the cases of a claim.

A case is a batch of unlike rows. Simple shapes come first, so that failures shrink to two classes
and one row.
"""

import functools
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.generation.contexts import drawn_context, in_context, is_plain
from gradcert.generation.draws import Drawing, integers_up_to, padded
from gradcert.generation.regimes import Drawn, DrawRow, rows_of_logits, rows_of_probabilities
from gradcert.generation.scope import Scope, largest_logit, scope_of
from gradcert.generation.sizes import Shape, Size, shapes
from gradcert.generation.vectors import VECTORS, Vector, in_range

__all__ = ["cases"]

_UNLIKE_ROWS = 2
"""Rows drawn for a batch. A longer batch repeats them, because each row costs its oracle."""

_PROBABILITIES = "probabilities"

_CONTEXTS = 63
"""Contexts beside the plain one that are drawn from."""


@functools.cache
def _vectors() -> SearchStrategy[Vector]:
    return st.sampled_from(padded(VECTORS))


def _with_vector(draw: DrawFn, drawn: Drawn, scope: Scope) -> Drawn:
    """Return a drawn row with a vector v. A pattern repeats after its first number, which moves."""
    kind, source, classes = draw(_vectors()), Drawing(draw), len(drawn.point)
    numbers = kind.draw(source, scope.format, min(classes, source.pattern))
    v = np.resize(numbers[1:] if classes > 1 else numbers, classes)
    v[source.integer(classes - 1)] = numbers[0]
    point, targets = drawn.point.astype(np.float64), drawn.targets.astype(np.float64)
    return replace(
        drawn,
        v=in_range(v, point, targets, scope),
        regime=replace(drawn.regime, v=kind.name),
    )


@functools.cache
@st.composite
def _cases(
    draw: DrawFn, point: str, row: DrawRow, several: tuple[Shape, ...], scope: Scope
) -> Case:
    shape = draw(st.sampled_from(several))
    if shape.classes == 1:
        # Pad the one-class case with draws, so that Hypothesis prefers to shrink to two classes.
        Drawing(draw).numbers(0, 1, 4)
    drawn = [row(draw, shape.classes) for _ in range(min(shape.rows, _UNLIKE_ROWS))]
    repeated = np.resize(np.arange(len(drawn)), shape.rows)
    arguments = {
        point: np.array([one.point for one in drawn])[repeated],
        "targets": np.array([one.targets for one in drawn])[repeated],
    }
    if scope.vectors:
        drawn = [_with_vector(draw, one, scope) for one in drawn]
        arguments["v"] = np.array([one.v for one in drawn])[repeated]
    case = Case(arguments, tuple(islice(cycle(one.regime for one in drawn), shape.rows)))
    if is_plain(scope):
        return case
    context, generator = drawn_context(scope, draw(integers_up_to(_CONTEXTS)))
    return in_context(case, context, scope, generator)


def cases(claim: Claim, *, size: Size, below: int | None = None) -> SearchStrategy[Case] | None:
    """Return the strategy for the cases of a claim, over all regimes; one object for equal ones.

    Parameters
    ----------
    claim
        What the cases are for: its domain, its format, and the arguments of its quantity.
    size
        What is large about them.
    below
        If given, draw only cases with fewer logits than this, from a longer list of shapes. If no
        shape is small enough, the result is None.
    """
    domain, scope = claim.implementation.domain, scope_of(claim, 0)
    several = shapes(size, fewest_classes=scope.fewest, only=scope.only, below=below)
    if not several:
        return None
    point = claim.point
    if point == _PROBABILITIES:
        return _cases(point, rows_of_probabilities(claim.format, domain.targets), several, scope)
    rows = rows_of_logits(
        claim.format,
        domain.targets,
        largest_logit(claim, Drawing.pattern),
        masked=scope.masked,
    )
    return _cases(point, rows, several, scope)
