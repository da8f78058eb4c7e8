"""The audit of a bound: what passes it, how large the values are, which bound would be right."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from math import inf, isfinite

from gradcert.audit.bounds.comparisons import Comparison, Errors
from gradcert.audit.bounds.distributions import NORMAL, ONES
from gradcert.audit.bounds.setups import NUMBERS_OF_A_PART, Setup, drawn, in_words
from gradcert.audit.bounds.sizes import Sizes
from gradcert.audit.bounds.sure_bounds import errors_in, sure_bound
from gradcert.audit.bounds.trials import Trial, tried
from gradcert.audit.bounds.truth import Truth
from gradcert.audit.bounds.written_comparisons import comparison
from gradcert.audit.bounds.wrong_answers import wrong_answers
from gradcert_implementations import Given, LevelName, Reduction
from gradcert_implementations.interface.losses import overridden
from gradcert_reports.audits.bound_records import (
    Advice,
    BoundAudit,
    Origin,
    RightBound,
    SizesOfValues,
    WrongAnswer,
)

__all__ = ["audited"]

_CONFIDENT = 0.5
"""The part of the rows that the advice makes confident."""


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


def _advice(
    truth: Truth, compare: Comparison, errors: Sequence[Errors | None], names: Collection[str]
) -> Iterator[Advice]:
    """Yield what each change of the test would do."""
    setup, level = truth.data.setup, truth.level

    def advice(change: str, changed: Setup, other: Comparison) -> Advice:
        passing = len(_tried_again(changed, level, other, names))
        return Advice(change=change, passing=passing, tried=len(names))

    for change, changed in _changes(truth):
        yield advice(change, changed, compare)
    if compare.tighter and (sure := sure_bound(compare.tighter, errors)):
        change = f"{sure.written}, which right answers of the level are sure to meet, too"
        yield advice(change, setup, comparison(sure.written, setup.format))


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
        origin=wrong.origin,
        passed=sum(trial.passes and trial.is_wrong for trial in trials),
        change=change if isfinite(change) else None,
    )


def _plainest_and_worst(wrong: WrongAnswer) -> tuple[int, float]:
    """Return what wrong answers are sorted by: where they come from, then how wrong they are."""
    return [*Origin].index(wrong.origin), -inf if wrong.change is None else -wrong.change


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
        Its comparison; see :data:`gradcert.audit.bounds.written_comparisons.GRAMMAR`.
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
    >>> found.right_bound.written, found.advice[-1].change.partition(",")[0]
    ('atol=0,rtol=0.0625', 'atol=5.7e-07')
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
    no_mistake = tuple(
        name
        for name, trials in by_name.items()
        if name not in names and all(trial.passes for trial in trials)
    )
    errors = [] if truths[0].one_value else errors_in(truths)
    sure = sure_bound(compare, errors)
    right = None
    if sure is not None:
        other = comparison(sure.written, setup.format)
        right = RightBound(
            written=sure.written,
            level=truths[0].claim.levels[-1].level,
            enclosed=len(errors),
            rows=setup.rows_compared * seeds,
            void=len(errors) - sure.rows,
            passing=tuple(_tried_again(setup, level, other, names)),
            note=sure.note,
        )
    return BoundAudit(
        gradcert=version("gradcert"),
        comparison=written,
        predicate=compare.predicate,
        about=tuple(in_words(setup)),
        rows=setup.rows,
        classes=setup.classes,
        seeds=seeds,
        atol=compare.atol,
        passing=tuple(passing),
        killed=tuple(name for name in by_name if name not in names and name not in no_mistake),
        no_mistake=no_mistake,
        right_passes=sum(one.right_passes for one in every),
        sizes=_added([one.sizes for one in every]),
        right_bound=right,
        advice=tuple(_advice(truths[0], compare, errors, names)) if names else (),
    )
