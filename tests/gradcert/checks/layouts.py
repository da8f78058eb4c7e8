"""The answer does not depend on the memory layout of the arguments."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gradcert.checks.agreement import require_agreement
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import JudgedRow
from gradcert.core.failures import NotSupported, Raised, shown_as
from gradcert.core.stored import LOGITS, STORED
from gradcert_implementations import Array, Strides

__all__ = ["LAYOUTS", "Layout", "has_layouts", "layouts_of", "memory_layout"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A memory layout of an argument.

    Attributes
    ----------
    name
        What the argument then is, as a sentence and a certificate say it.
    relaid
        Returns an array of equal values in this layout. Between them and behind them in memory
        there are NaN and large numbers, so that who reads them is found out, and reads no memory
        of others.
    expression
        The Python that does so to an array ``a``, with numpy as ``np``.
    strides
        Where it can be had: only if the arrays of a subject can have these strides, or any.
    fewest_rows, fewest_classes
        The smallest arrays that show it.
    one_row
        Whether all rows are one.
    may_be_refused
        Whether a subject may raise an error instead of an answer.
    """

    name: str
    relaid: Callable[[Array], Array]
    expression: str
    strides: Strides = Strides.NON_NEGATIVE
    fewest_rows: int = 1
    fewest_classes: int = 1
    one_row: bool = False
    may_be_refused: bool = False

    def shows(self, case: Case) -> bool:
        """Return whether the arguments of a case are large enough to show it."""
        return case.rows >= self.fewest_rows and case.classes >= self.fewest_classes


def _nan_like(array: Array) -> Array:
    return np.full_like(array, np.nan)


def _narrowed(array: Array) -> Array:
    padding = np.tile([6e4, np.nan, 6e4], (len(array), 1)).astype(array.dtype)
    return np.hstack([array, padding])[:, : array.shape[1]]


def _rows_reversed(array: Array) -> Array:
    return np.vstack([array[::-1], _nan_like(array)])[len(array) - 1 :: -1]


def _rows_stepped(array: Array) -> Array:
    return np.hstack([array, _nan_like(array)]).reshape(-1, array.shape[1])[::2]


def _columns_stepped(array: Array) -> Array:
    return np.dstack([array, _nan_like(array)]).reshape(len(array), -1)[:, ::2]


def _expanded(array: Array) -> Array:
    one = np.vstack([array[:1], _nan_like(array)])[:1]
    return np.broadcast_to(one, array.shape)


def _unaligned(array: Array) -> Array:
    return np.insert(array, 0, np.nan)[1:].reshape(array.shape)


_UPSTREAM = "upstream"

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="rows narrowed from a wider array",
        relaid=_narrowed,
        expression="np.hstack([a, np.tile([6e4, np.nan, 6e4], (len(a), 1)).astype(a.dtype)])"
        "[:, :a.shape[1]]",
        fewest_rows=2,
    ),
    Layout(
        name="reversed rows",
        relaid=_rows_reversed,
        expression="np.vstack([a[::-1], np.full_like(a, np.nan)])[len(a) - 1::-1]",
        strides=Strides.ANY,
        fewest_rows=2,
        may_be_refused=True,
    ),
    Layout(
        name="every second row of a larger batch",
        relaid=_rows_stepped,
        expression="np.hstack([a, np.full_like(a, np.nan)]).reshape(-1, a.shape[1])[::2]",
        fewest_rows=2,
    ),
    Layout(
        name="every second column of wider rows",
        relaid=_columns_stepped,
        expression="np.dstack([a, np.full_like(a, np.nan)]).reshape(len(a), -1)[:, ::2]",
        fewest_classes=2,
    ),
    Layout(
        name="transposed rows",
        relaid=np.asfortranarray,
        expression="np.asfortranarray(a)",
        fewest_rows=2,
        fewest_classes=2,
    ),
    Layout(
        name="read-only rows",
        relaid=lambda array: np.broadcast_to(array, array.shape),
        expression="np.broadcast_to(a, a.shape)",
        strides=Strides.ANY,
    ),
    Layout(
        name="one row expanded over the batch",
        relaid=_expanded,
        expression="np.broadcast_to(np.vstack([a[:1], np.full_like(a, np.nan)])[:1], a.shape)",
        fewest_rows=2,
        one_row=True,
    ),
    Layout(
        name="rows not aligned to 16 bytes",
        relaid=_unaligned,
        expression="np.insert(a, 0, np.nan)[1:].reshape(a.shape)",
    ),
)
"""The layouts that are tried, in this order: what is read-only comes before what cannot be else."""


def layouts_of(claim: Claim) -> tuple[Layout, ...]:
    """Return the layouts that the arrays of a subject can have.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> len(layouts_of(next(claims_of(load("numpy")))))
    8
    """
    strides = claim.implementation.strides
    return tuple(one for one in LAYOUTS if strides in (one.strides, Strides.ANY))


def has_layouts(claim: Claim) -> bool:
    """Return whether the arrays of a subject can have any other layout than the plain one."""
    return bool(layouts_of(claim))


def _relaid(layout: Layout, array: Array) -> Array:
    """Return an argument in a layout. One number for each row is a column of them."""
    return layout.relaid(array[:, np.newaxis])[:, 0] if array.ndim == 1 else layout.relaid(array)


def _with_one_row(claim: Claim, case: Case, names: tuple[str, ...]) -> Case:
    """Return the case with one row of these arguments in place of all their rows.

    It is the first with which every target still stands at a logit that the claim is about. If
    there is none, all arguments have one row.
    """
    largest = claim.implementation.domain.largest_logit
    held = {LOGITS if name in STORED else name for name in names}
    for row in range(case.rows):
        same = np.full(case.rows, row)
        arguments = {
            name: array[same] if name in held else array for name, array in case.arguments.items()
        }
        upstream = case.upstream
        if upstream is not None and _UPSTREAM in names:
            upstream = upstream[same]
        changed = replace(case, arguments=arguments, upstream=upstream)
        outside = ~(np.abs(changed.point.astype(np.float64)) <= largest)
        finite = changed["targets"] != 0
        if "v" in changed.arguments and not claim.quantity.masked_v:
            finite |= changed["v"] != 0
        if not (outside & finite).any():
            return changed
    return case.of_rows(np.zeros(case.rows, int))


def _given(claim: Claim, case: Case) -> Iterator[tuple[str, ...]]:
    """Yield the arguments that are given in a layout: each by itself, then all of them."""
    arrays = zip(claim.names, claim.arguments(case), strict=True)
    names = tuple(name for name, array in arrays if array.ndim)
    yield from ((name,) for name in names)
    if len(names) > 1:
        yield names


def _shown(layout: Layout, names: tuple[str, ...], every: tuple[str, ...]) -> str:
    """Return the Python that calls the function with some of its arguments in a layout."""
    expression = layout.expression
    if _UPSTREAM in names:
        column = f"(lambda a: {expression})(a[:, None])[:, 0]"
        expression = f"({expression} if a.ndim > 1 else {column})" if len(names) > 1 else column
    if names == every:
        return f"f(*({expression} for a in args))"
    places = tuple(every.index(name) for name in names)
    which = f"i == {places[0]}" if len(places) == 1 else f"i in {places}"
    return f"f(*({expression} if {which} else a for i, a in enumerate(args)))"


def memory_layout(claim: Claim, case: Case) -> list[JudgedRow]:
    """The answer is the same for every memory layout that the arguments can have.

    Predicate: ``|v(other layout) - v(plain)| <= 2 (b + b)`` for every value; sums may run in
    another order. The layouts are :data:`LAYOUTS`. Each is given to each argument by itself, while
    the others are plain, and then to all. An argument of one expanded row has that row for all in
    the plain call too. It is not asked of an argument that the call writes into, because such an
    array is read-only in effect. Logits that are overwritten, as the domain says, are not given in
    read-only memory either. A call with reversed rows may raise an error: ``torch.from_numpy``
    does, in a function that is otherwise one of numpy arrays. PyTorch tensors have no negative
    strides and are never read-only, JAX arrays and programs have no strides at all: what they
    cannot have is not asked. It cannot see an error that occurs in every layout: the all-zero
    gradient, a sign flip, a scale.
    """
    originals = dict(zip(claim.names, claim.arguments(case), strict=True))
    arguments = {name: array.copy() for name, array in originals.items()}
    plain = claim.call(*arguments.values()).copy()
    written = {n for n, array in arguments.items() if array.tobytes() != originals[n].tobytes()}
    point = claim.quantity.arguments[0]
    overwritten = {point} if claim.implementation.domain.overwrites_logits else set()
    same_as_plain = {plain.tobytes()}
    for layout in (one for one in layouts_of(claim) if one.shows(case)):
        for names in _given(claim, case):
            if layout.one_row and written.intersection(names):
                continue
            if overwritten.intersection(names) and not layout.relaid(case.point).flags.writeable:
                continue
            asked, expected, same = case, plain, same_as_plain
            if layout.one_row:
                asked = _with_one_row(claim, case, names)
                expected = claim.answer(asked).copy()
                same = set()
            _require_the_same_answer(claim, asked, expected, layout, names, same)
    return []


def _require_the_same_answer(
    claim: Claim,
    case: Case,
    expected: Array,
    layout: Layout,
    names: tuple[str, ...],
    same: set[bytes],
) -> None:
    """Refute the claim if it has another answer when these arguments are in a layout.

    The bytes of an answer that agrees join `same`, so that each answer is judged once.
    """
    every = claim.names
    shown, what = _shown(layout, names, every), f"{' and '.join(names)} given as {layout.name}"
    # A copy, because a subject that writes into a view of the case would change the case.
    arrays = zip(every, claim.arguments(case), strict=True)
    copies = {name: array.copy() for name, array in arrays}
    try:
        with shown_as(f"for {what}", shown, case):
            answer = claim.call(
                *(_relaid(layout, a) if n in names else a for n, a in copies.items())
            )
    except (Raised, NotSupported):
        if layout.may_be_refused:
            return
        raise
    if answer.tobytes() in same:
        return
    for row in range(len(answer)):
        require_agreement(
            claim,
            case,
            row,
            ours=answer[row],
            theirs=expected[row],
            difference=f"for plain arrays instead of {what}",
            shown_by=(shown, "f(*args)"),
        )
    same.add(answer.tobytes())
