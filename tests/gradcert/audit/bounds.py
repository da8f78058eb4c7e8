"""The audit of a bound: what passes it, how large the values are, which bound would be right."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from math import floor, inf, isfinite, log10

from gradcert.audit.comparisons import Comparison
from gradcert.audit.distributions import NORMAL, ONES
from gradcert.audit.setups import NUMBERS_OF_A_PART, Setup, drawn, in_words
from gradcert.audit.sizes import Sizes
from gradcert.audit.trials import Trial, tried
from gradcert.audit.truth import Truth, errors_of
from gradcert.audit.written_comparisons import comparison
from gradcert.audit.wrong_answers import Origin, wrong_answers
from gradcert_implementations import Given, LevelName, Reduction
from gradcert_implementations.interface.losses import overridden
from gradcert_reports.audits.bound_records import (
    Advice,
    BoundAudit,
    RightBound,
    SizesOfValues,
    WrongAnswer,
)

__all__ = ["audited"]

_CONFIDENT = 0.5
"""The part of the rows that the advice makes confident."""


def _rounded_up(value: float) -> float:
    """Return a number of two decimal digits that is not smaller.

    Examples
    --------
    >>> _rounded_up(0.00123), _rounded_up(5.0), _rounded_up(0.0)
    (0.0013, 5.0, 0.0)
    """
    if not value:
        return 0.0
    exponent = floor(log10(value)) - 1
    digits = floor(value / 10.0**exponent)
    while float(f"{digits}e{exponent}") < value:
        digits += 1
    return float(f"{digits}e{exponent}")


def _right_bound(
    truths: Sequence[Truth], compare: Comparison, names: Collection[str]
) -> RightBound | None:
    """Return the bound that a right answer of a level is sure to meet, and what passes it."""
    setup, level, sure = truths[0].data.setup, truths[0].level, compare.sure
    if sure is None or truths[0].one_value:
        return None
    limit, enclosed, void = 0.0, 0, 0
    for truth in truths:
        for answered in truth.answered():
            for place, question in answered.questions.items():
                enclosed += 1
                errors = errors_of(question, answered.want[place], level)
                found = None if errors is None else sure.limit(errors)
                void += found is None
                limit = max(limit, found or 0.0)
    if void == enclosed:
        return None
    written = sure.written(_rounded_up(limit))
    return RightBound(
        written=written,
        level=level,
        enclosed=enclosed,
        rows=setup.rows_compared * len(truths),
        void=void,
        passing=tuple(_tried_again(setup, level, comparison(written, setup.format), names)),
        note=sure.note,
    )


def _changes(truth: Truth) -> Iterator[tuple[str, Setup]]:
    """Yield changes of a test that may let fewer wrong answers pass."""
    setup, quantity = truth.data.setup, truth.claim.quantity
    if quantity.shares and setup.loss.reduction is Reduction.MEAN:
        summed = overridden(setup.loss, [Given("reduction", Reduction.SUM)])
        yield "a sum in place of the mean", replace(setup, loss=summed)
    if quantity.upstream and setup.upstream == ONES:
        yield "an upstream gradient that is not one", replace(setup, upstream=NORMAL)
    if not setup.confident:
        yield "half of the rows near a confident target", replace(setup, confident=_CONFIDENT)


def _tried_again(
    setup: Setup, level: LevelName, compare: Comparison, names: Collection[str]
) -> Collection[str]:
    """Return which of some wrong answers pass a comparison on the first rows of the data."""
    rows = max(1, NUMBERS_OF_A_PART // setup.classes)
    first = replace(setup, compared=min(rows, setup.rows_compared))
    truth = Truth.of(drawn(first, 0), level)
    wrong = [one for one in wrong_answers(truth) if one.name in names]
    return [
        one.wrong.name for one in tried(truth, compare, wrong, judges=False).trials if one.passes
    ]


def _added(every: Sequence[Sizes]) -> SizesOfValues:
    decades: Counter[int] = sum((one.decades for one in every), Counter())
    return SizesOfValues(
        decades=tuple(sorted(decades.items())),
        zeros=sum(one.zeros for one in every),
        below=sum(one.below for one in every),
        count=sum(one.count for one in every),
        largest=max(one.largest for one in every),
    )


def _passing(trials: Sequence[Trial]) -> WrongAnswer:
    """Return what is recorded of a wrong answer, given its trial under each seed."""
    wrong = trials[0].wrong
    change = max(trial.change for trial in trials)
    return WrongAnswer(
        name=wrong.name,
        sentence=wrong.sentence,
        origin=wrong.origin.value,
        passed=sum(trial.passes and trial.is_wrong for trial in trials),
        change=change if isfinite(change) else None,
    )


_ORDER = [origin.value for origin in Origin]


def _plainest_and_worst(wrong: WrongAnswer) -> tuple[int, float]:
    """Return what wrong answers are sorted by: where they come from, then how wrong they are."""
    return _ORDER.index(wrong.origin), -inf if wrong.change is None else -wrong.change


def audited(
    setup: Setup,
    written: str,
    *,
    level: LevelName = "wide",
    seeds: int = 1,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _rows: None,
) -> BoundAudit:
    """Audit a bound: put every wrong answer that has a meaning through it.

    Parameters
    ----------
    setup
        What the test computes, and on which data.
    written
        Its comparison; see :data:`gradcert.audit.written_comparisons.GRAMMAR`.
    level
        The level that right answers have. The right bound is computed for it.
    seeds
        The number of seeds from which the data is drawn.
    jobs
        The number of threads.
    progress
        Called with a number of rows whenever they have been compared.

    Returns
    -------
    What passes and what does not, how large the right values are, the bound that would be right,
    and which changes of the test would help. The command is left empty.

    Raises
    ------
    SpecError
        If the comparison is not known.
    OracleError
        If the oracle refuses the right implementation: a fault of ours.

    Examples
    --------
    >>> from gradcert_implementations import Loss
    >>> from gradcert_oracle import BINARY32
    >>> setup = Setup(quantity="dE/dz", format=BINARY32, rows=8, classes=5, loss=Loss())
    >>> found = audited(setup, "atol=1,rtol=0.1")
    >>> found.passing[0].name, found.right_passes
    ('zero', 1)
    >>> found.right_bound.written, found.right_bound.passing
    ('atol=5.7e-07,rtol=9.5e-07', ('softmax-above-an-epsilon',))
    """
    compare = comparison(written, setup.format)
    truths = [Truth.of(drawn(setup, seed), level) for seed in range(seeds)]
    every = [
        tried(truth, compare, wrong_answers(truth), jobs=jobs, progress=progress)
        for truth in truths
    ]
    by_name: dict[str, list[Trial]] = {}
    for trials in every:
        for trial in trials.trials:
            by_name.setdefault(trial.wrong.name, []).append(trial)
    passing = [
        _passing(trials)
        for trials in by_name.values()
        if any(trial.passes and trial.is_wrong for trial in trials)
    ]
    passing.sort(key=_plainest_and_worst)
    names = {one.name for one in passing}
    equal = tuple(
        name
        for name, trials in by_name.items()
        if name not in names and any(trial.passes for trial in trials)
    )
    return BoundAudit(
        version=version("gradcert"),
        comparison=written,
        predicate=compare.predicate,
        about=tuple(in_words(setup)),
        rows=setup.rows,
        classes=setup.classes,
        seeds=seeds,
        atol=compare.atol,
        passing=tuple(passing),
        killed=tuple(name for name in by_name if name not in names and name not in equal),
        equal=equal,
        right_passes=sum(one.right_passes for one in every),
        sizes=_added([one.sizes for one in every]),
        right_bound=_right_bound(truths, compare, names),
        advice=tuple(
            Advice(
                change=change,
                passing=len(_tried_again(changed, level, compare, names)),
                tried=len(names),
            )
            for change, changed in _changes(truths[0])
            if names
        ),
    )
