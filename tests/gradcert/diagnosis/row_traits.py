"""Traits of a row: the sizes of its batch, its place, its masks, its logits and its targets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcert.core.case import Case
from gradcert_implementations import Array

__all__ = ["Trait", "traits_of"]

_BLOCKS = tuple(1 << k for k in range(1, 11))


@dataclass(frozen=True)
class Trait:
    """A number that each row of a case has, and what to say where it is large, small or fixed."""

    measure: Callable[[Case], Array]
    at_least: str = ""
    at_most: str = ""
    exactly: str = ""


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
    hidden, places = np.isneginf(_logits(case)), np.arange(case.classes)
    # The place of the last class that is not masked, up to each class.
    last = np.maximum.accumulate(np.where(hidden, -1, places), axis=1)
    longest: Array = (places - last).max(axis=1, initial=0)
    return longest


def _masked_in_front(case: Case, direction: int) -> Array:
    """Return how many classes in front of the first that is not masked, or behind the last one."""
    finite = ~np.isneginf(_logits(case))[:, ::direction]
    count: Array = np.where(finite.any(axis=1), finite.argmax(axis=1), case.classes)
    return count


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


def _upstream(case: Case) -> Array:
    """Return the size of the upstream gradient of each row."""
    given = np.ones(()) if case.upstream is None else np.abs(case.upstream.astype(np.float64))
    upstream: Array = np.broadcast_to(given, case.rows)
    return upstream


def _every(number: Callable[[Case], float]) -> Callable[[Case], Array]:
    """Return the measure of a number that all rows of a case have."""
    return lambda case: np.full(case.rows, float(number(case)))


def _rests(what: str, of: Callable[[Case], float]) -> Iterator[Trait]:
    for block in _BLOCKS:
        yield Trait(
            _every(lambda case, block=block: of(case) % block != 0),  # type: ignore[misc]
            exactly=f"where the number of {what} is {{}} multiple of {block}",
        )
        if block > 2:
            yield Trait(
                _every(lambda case, block=block: of(case) % block),  # type: ignore[misc]
                exactly=f"where the number of {what} leaves {{:g}} when it is divided by {block}",
            )


_SIZES = (
    Trait(
        _every(lambda case: case.classes),
        "in rows of {:g} classes or more",
        "in rows of {:g} classes or fewer",
        "in rows of {:g} classes",
    ),
    Trait(
        _every(lambda case: case.rows),
        "in batches of {:g} rows or more",
        "in batches of {:g} rows or fewer",
        "in batches of {:g} rows",
    ),
    Trait(
        _every(lambda case: case.point.size),
        "in batches of {:g} numbers or more",
        "in batches of {:g} numbers or fewer",
    ),
    Trait(lambda case: np.arange(case.rows), "from row {:g} on", "up to row {:g}", "in row {:g}"),
    Trait(
        lambda case: case.rows - np.arange(case.rows),
        at_most="in the last {:g} rows",
        exactly="in row {:g} from the end",
    ),
)

_OF_PLACES = tuple(
    Trait(
        lambda case, block=block: np.arange(case.rows) % block,  # type: ignore[misc]
        exactly=f"in rows whose number leaves {{:g}} when it is divided by {block}",
    )
    for block in _BLOCKS[:5]
)

_OF_LOGITS = (
    Trait(
        lambda case: np.isneginf(_logits(case)).sum(axis=1),
        "with {:g} masked classes or more",
        "with {:g} masked classes or fewer",
    ),
    Trait(_masked_run, "with {:g} masked classes side by side"),
    Trait(
        lambda case: _masked_in_front(case, 1) >= case.classes // 2,
        "where the first half of the row is masked",
    ),
    Trait(
        lambda case: _masked_in_front(case, -1) >= case.classes - case.classes // 2,
        "where the last half of the row is masked",
    ),
    Trait(
        lambda case: _masked_in_front(case, 1) / case.classes,
        "where {:.3g} of the row in front is masked",
    ),
    Trait(
        lambda case: _masked_in_front(case, -1) / case.classes,
        "where {:.3g} of the row at the end is masked",
    ),
    Trait(
        lambda case: np.isfinite(_logits(case)).sum(axis=1),
        at_most="with {:g} classes or fewer that are not masked",
    ),
    Trait(lambda case: np.isneginf(_logits(case)[:, 0]), "where the first class is masked"),
    Trait(lambda case: np.isneginf(_logits(case)[:, -1]), "where the last class is masked"),
    Trait(
        lambda case: np.nanmax(np.abs(_finite(case)), axis=1),
        "where a logit is {:.3g} or more in size",
        "where all logits are {:.3g} or less in size",
    ),
    Trait(
        _largest,
        "where the largest logit is {:.3g} or more",
        "where the largest logit is {:.3g} or less",
    ),
    Trait(
        lambda case: np.nanmax(_finite(case), axis=1) - np.nanmin(_finite(case), axis=1),
        "where two logits differ by {:.3g} or more",
        "where no two logits differ by more than {:.3g}",
    ),
    Trait(
        _gap,
        "where the two largest logits differ by {:.3g} or more",
        "where the two largest logits differ by {:.3g} or less",
    ),
    Trait(
        lambda case: (np.signbit(_logits(case)) & (_logits(case) == 0)).any(axis=1),
        "where a logit is -0.0",
    ),
    Trait(
        lambda case: _logits(case).argmax(axis=1),
        "where the largest logit is in class {:g} or later",
        "where the largest logit is in class {:g} or before",
    ),
)

_OF_TARGETS = (
    Trait(
        _label,
        "where the target is class {:g} or later",
        "where the target is class {:g} or before",
        "where the target is class {:g}",
    ),
    Trait(
        lambda case: case.classes - _label(case),
        at_most="where the target is one of the last {:g} classes",
        exactly="where the target is class {:g} from the end",
    ),
    Trait(
        lambda case: np.count_nonzero(case["targets"], axis=1),
        "with {:g} targets or more in a row",
        exactly="with {:g} targets in a row",
    ),
    Trait(
        lambda case: case["targets"].astype(np.float64).sum(axis=1),
        "where the targets sum to {:.4g} or more",
        "where the targets sum to {:.4g} or less",
    ),
    Trait(
        lambda case: case["targets"].astype(np.float64).min(axis=1),
        at_most="where a target is {:.4g} or less",
    ),
    Trait(
        lambda case: case["targets"].astype(np.float64).max(axis=1),
        "where a target is {:.4g} or more",
    ),
)

_OF_UPSTREAM = (
    Trait(
        _upstream,
        "where the upstream gradient is {:.3g} or more in size",
        "where the upstream gradient is {:.3g} or less in size",
        "where the upstream gradient is {:.3g} in size",
    ),
)

_OF_V = (
    Trait(
        lambda case: np.abs(case["v"].astype(np.float64)).max(axis=1),
        "where a v is {:.3g} or more in size",
        "where all v are {:.3g} or less in size",
    ),
)

_OF_BOTH = (Trait(_loss, "where the loss is {:.3g} or more", "where the loss is {:.3g} or less"),)


def traits_of(case: Case) -> list[Trait]:
    """Return the traits of the rows of a case, the plainest first."""
    logits, targets = "logits" in case.arguments, "targets" in case.arguments
    return [
        *_SIZES,
        *(_OF_LOGITS if logits else ()),
        *(_OF_TARGETS if targets else ()),
        *(_OF_BOTH if logits and targets else ()),
        *_OF_UPSTREAM,
        *(_OF_V if "v" in case.arguments else ()),
        *_rests("classes", lambda one: one.classes),
        *_rests("rows", lambda one: one.rows),
        *_OF_PLACES,
    ]
