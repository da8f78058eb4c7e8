"""Where an answer is wrong: what holds of every refuting row, and of no right one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from gradcert.core.case import Case
from gradcert_implementations import Array

__all__ = ["Observed", "where"]

_UNLIKE, _RIGHT = 3, 8
"""Refuting rows, and right ones, that a conclusion needs: fewer share a trait by chance."""

_ROWS = 48
"""Rows of a case that passed, evenly spaced: they stand for all of them."""

_BLOCKS = tuple(1 << k for k in range(1, 11))


@dataclass(frozen=True)
class Observed:
    """A case, and which of its rows are wrong or right."""

    case: Case
    rows: Sequence[int]
    wrong: bool


@dataclass(frozen=True)
class _Trait:
    """A number that each row of a case has, and what to say where it is large, small or fixed."""

    measure: Callable[[Case], Array]
    at_least: str = ""
    at_most: str = ""
    exactly: str = ""


@dataclass(frozen=True)
class _Condition:
    """A bound that all refuting rows keep, in words, and the right rows that keep it too."""

    words: str
    also: Array


def _logits(case: Case) -> Array:
    return case.point.astype(np.float64)


def _finite(case: Case) -> Array:
    """Return the numbers of the first argument, NaN in place of infinities."""
    point = _logits(case)
    finite: Array = np.where(np.isfinite(point), point, np.nan)
    return finite


def _largest(case: Case) -> Array:
    largest: Array = np.nanmax(_finite(case), axis=1)
    return largest


def _gap(case: Case) -> Array:
    """Return by how much the two largest numbers differ."""
    top = np.sort(_logits(case), axis=1)
    gap: Array = top[:, -1] - top[:, -2] if case.classes > 1 else np.full(case.rows, np.nan)
    return gap


def _masked_run(case: Case) -> Array:
    """Return how many infinities stand beside each other, at most."""
    hidden = np.isneginf(_logits(case))
    longest, run = np.zeros(case.rows), np.zeros(case.rows)
    for column in hidden.T:
        run = (run + 1) * column
        longest = np.maximum(longest, run)
    return longest


def _label(case: Case) -> Array:
    """Return the class of a one-hot target; NaN for other targets."""
    targets = case["targets"].astype(np.float64)
    one_hot = (np.count_nonzero(targets, axis=1) == 1) & (targets.max(axis=1) == 1)
    label: Array = np.where(one_hot, targets.argmax(axis=1), np.nan)
    return label


def _loss(case: Case) -> Array:
    """Return the loss of rows with a one-hot target."""
    z = _logits(case)
    z = z - z.max(axis=1, keepdims=True)
    place = np.nan_to_num(_label(case)).astype(int)
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(case.rows), place]
    found: Array = np.where(np.isnan(_label(case)), np.nan, losses)
    return found


def _every(number: Callable[[Case], float]) -> Callable[[Case], Array]:
    """Return the measure of a number that all rows of a case have."""
    return lambda case: np.full(case.rows, float(number(case)))


def _rests(what: str, of: Callable[[Case], float]) -> Iterator[_Trait]:
    for block in _BLOCKS:
        yield _Trait(
            _every(lambda case, block=block: of(case) % block != 0),  # type: ignore[misc]
            exactly=f"where the number of {what} is {{}} multiple of {block}",
        )
        if block > 2:
            yield _Trait(
                _every(lambda case, block=block: of(case) % block),  # type: ignore[misc]
                exactly=f"where the number of {what} leaves {{:g}} when it is divided by {block}",
            )


_SIZES = (
    _Trait(
        _every(lambda case: case.classes),
        "in rows of {:g} classes or more",
        "in rows of {:g} classes or fewer",
        "in rows of {:g} classes",
    ),
    _Trait(
        _every(lambda case: case.rows),
        "in batches of {:g} rows or more",
        "in batches of {:g} rows or fewer",
        "in batches of {:g} rows",
    ),
    _Trait(lambda case: np.arange(case.rows), "from row {:g} on", "up to row {:g}", "in row {:g}"),
    _Trait(
        lambda case: case.rows - np.arange(case.rows),
        at_most="in the last {:g} rows",
        exactly="in row {:g} from the end",
    ),
)

_OF_LOGITS = (
    _Trait(
        lambda case: np.isneginf(_logits(case)).sum(axis=1),
        "with {:g} masked classes or more",
        "with {:g} masked classes or fewer",
    ),
    _Trait(_masked_run, "with {:g} masked classes side by side"),
    _Trait(
        lambda case: np.isfinite(_logits(case)).sum(axis=1),
        at_most="with {:g} classes or fewer that are not masked",
    ),
    _Trait(lambda case: np.isneginf(_logits(case)[:, 0]), "where the first class is masked"),
    _Trait(lambda case: np.isneginf(_logits(case)[:, -1]), "where the last class is masked"),
    _Trait(
        lambda case: np.nanmax(np.abs(_finite(case)), axis=1),
        "where a logit is {:.3g} or more in size",
        "where all logits are {:.3g} or less in size",
    ),
    _Trait(
        _largest,
        "where the largest logit is {:.3g} or more",
        "where the largest logit is {:.3g} or less",
    ),
    _Trait(
        lambda case: np.nanmax(_finite(case), axis=1) - np.nanmin(_finite(case), axis=1),
        "where two logits differ by {:.3g} or more",
        "where no two logits differ by more than {:.3g}",
    ),
    _Trait(_gap, at_most="where the two largest logits differ by {:.3g} or less"),
    _Trait(
        lambda case: (np.signbit(_logits(case)) & (_logits(case) == 0)).sum(axis=1),
        "where a logit is -0.0",
    ),
    _Trait(
        lambda case: _logits(case).argmax(axis=1),
        "where the largest logit is in class {:g} or later",
        "where the largest logit is in class {:g} or before",
    ),
)

_OF_TARGETS = (
    _Trait(
        _label,
        "where the target is class {:g} or later",
        "where the target is class {:g} or before",
        "where the target is class {:g}",
    ),
    _Trait(
        lambda case: case.classes - _label(case),
        at_most="where the target is one of the last {:g} classes",
        exactly="where the target is class {:g} from the end",
    ),
    _Trait(
        lambda case: np.count_nonzero(case["targets"], axis=1),
        "with {:g} targets or more in a row",
    ),
    _Trait(
        lambda case: case["targets"].astype(np.float64).sum(axis=1),
        "where the targets sum to {:.4g} or more",
        "where the targets sum to {:.4g} or less",
    ),
    _Trait(
        lambda case: case["targets"].astype(np.float64).min(axis=1),
        at_most="where a target is {:.4g} or less",
    ),
    _Trait(
        lambda case: case["targets"].astype(np.float64).max(axis=1),
        "where a target is {:.4g} or more",
    ),
)

_OF_BOTH = (_Trait(_loss, "where the loss is {:.3g} or more", "where the loss is {:.3g} or less"),)


def _traits(case: Case) -> list[_Trait]:
    """Return the traits of the rows of a case, the plainest first."""
    logits, targets = "logits" in case.arguments, "targets" in case.arguments
    return [
        *_SIZES,
        *(_OF_LOGITS if logits else ()),
        *(_OF_TARGETS if targets else ()),
        *(_OF_BOTH if logits and targets else ()),
        *_rests("classes", lambda one: one.classes),
        *_rests("rows", lambda one: one.rows),
    ]


def _measured(trait: _Trait, seen: Sequence[Observed]) -> Array:
    """Return the trait of each row that was seen."""
    with np.errstate(all="ignore"):
        found = (np.asarray(trait.measure(one.case), float)[list(one.rows)] for one in seen)
        return np.concatenate([np.zeros(0), *found])


def _said(words: str, bound: float) -> str:
    """Return a condition in words: numbers with their bounds, and 1 class in place of 1 classes."""
    if "multiple" in words:
        return words.format("no" if bound else "a")
    said = words.format(bound)
    for many in ("classes", "rows", "masked classes", "targets"):
        one = many.removesuffix("es") if many.endswith("sses") else many.removesuffix("s")
        said = said.replace(f" 1 {many}", f" 1 {one}")
    return said


def _conditions(trait: _Trait, wrong: Array, right: Array) -> Iterator[_Condition]:
    """Yield the bounds of a trait that all refuting rows keep, and some right rows do not."""
    if np.isnan(wrong).any():
        return
    low, high = wrong.min(), wrong.max()
    found = []
    if trait.exactly and low == high:
        found.append(_Condition(_said(trait.exactly, low), right == low))
    if trait.at_least:
        found.append(_Condition(_said(trait.at_least, low), right >= low))
    if trait.at_most:
        found.append(_Condition(_said(trait.at_most, high), right <= high))
    yield from (one for one in found if not one.also.all())


def _as_seen(seen: Sequence[Observed]) -> list[Observed]:
    """Return what was seen with at most so many rows of a case."""

    def some(rows: Sequence[int]) -> Sequence[int]:
        return [rows[i * len(rows) // _ROWS] for i in range(_ROWS)] if len(rows) > _ROWS else rows

    return [Observed(one.case, some(one.rows), one.wrong) for one in seen]


def where(seen: Sequence[Observed]) -> str:
    """Return what sets refuting rows apart from right ones, in words.

    Predicate: one bound of one trait of a row, or else two bounds, that every refuting row keeps
    and no right row keeps. The traits are the sizes of the batch, the place of the row, the masked
    classes, the sizes and gaps of the logits, the targets, and the rests of the sizes by powers of
    two. Three refuting rows and eight right ones are needed, twice as many for two bounds.

    Parameters
    ----------
    seen
        The refuting rows and the right ones.

    Returns
    -------
    The condition; empty if there is none.

    Examples
    --------
    >>> from gradcert.core.case import Case, Regime
    >>> def seen(classes: int, wrong: bool) -> Observed:
    ...     zeros = np.zeros((4, classes))
    ...     case = Case({"logits": zeros, "targets": zeros}, (Regime("ties"),) * 4)
    ...     return Observed(case, [*range(4)], wrong)
    >>> where([seen(9, True), seen(12, True), seen(8, False), seen(2, False)])
    'in rows of 9 classes or more'
    """
    wrong = [one for one in seen if one.wrong]
    right = _as_seen([one for one in seen if not one.wrong])
    refuting, passing = (sum(len(one.rows) for one in some) for some in (wrong, right))
    if refuting < _UNLIKE or passing < _RIGHT:
        return ""
    found = list(
        chain.from_iterable(
            _conditions(trait, _measured(trait, wrong), _measured(trait, right))
            for trait in _traits(wrong[0].case)
        )
    )
    for one in found:
        if not one.also.any():
            return one.words
    if refuting >= 2 * _UNLIKE and passing >= 2 * _RIGHT:
        for one, other in combinations(found, 2):
            if not (one.also & other.also).any():
                return f"{one.words} and {other.words}"
    return ""
