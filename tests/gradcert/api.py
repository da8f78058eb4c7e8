"""Certify from Python: one implementation, or those that a run is about."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from gradcert import MAX_EXAMPLES
from gradcert.core.endings import no_exit
from gradcert.core.interruption import interruptible
from gradcert.core.limits import Limits
from gradcert.core.progress import progress_bar
from gradcert.core.settings import Effort, SearchSettings
from gradcert_implementations import (
    ALONE,
    BUILT_IN,
    LOSSES,
    QUANTITIES_OF_A_LOSS,
    FormatName,
    Implementation,
    Options,
    OptionValues,
    SpecError,
    as_implementation,
    load,
    needed_targets,
)

if TYPE_CHECKING:
    from gradcert_reports import Certificate

__all__ = [
    "UNNAMED",
    "Selection",
    "certify",
    "select_subjects",
    "settings_in",
    "subject_of",
]

UNNAMED = (*BUILT_IN, "diagonal-only")
"""What is certified if nothing is named: the built-ins, and a flaw that must be refuted."""


class Selection(NamedTuple):
    """The implementations of a run.

    Attributes
    ----------
    subjects
        Those that are certified with all effort.
    with_options
        The built-ins for other losses than the plain one, certified with less effort.
    left_out
        Why each of the other built-ins is not, by name.
    """

    subjects: list[Implementation]
    with_options: list[Implementation]
    left_out: dict[str, str]

    @property
    def all(self) -> list[Implementation]:
        """All that are certified."""
        return [*self.subjects, *self.with_options]


def subject_of(
    implementation: Implementation | Callable[..., Any] | str,
    options: Options,
    *,
    limits: Limits | None = None,
) -> Implementation:
    """Return what a SPEC, a function or an Implementation is, as the options select or declare it.

    Within limits it is loaded by a process of its own.

    Raises
    ------
    SpecError
        If there is nothing to certify.
    """
    if limits is not None and not isinstance(limits, Limits):
        raise SpecError(f"limits is {limits!r}; expected gradcert.Limits(seconds=10), say")
    if limits is None:
        if isinstance(implementation, str):
            with no_exit():
                return load(implementation, **options.keywords())
        return as_implementation(implementation, options)
    # It imports the reports, which a usage error does not need.
    from gradcert.isolation.subject import isolate, load_isolated

    if isinstance(implementation, str):
        return load_isolated(implementation, limits, options)
    return isolate(as_implementation(implementation, options), limits)


_OF_KERNELS: tuple[FormatName, ...] = ("binary32", "bfloat16")
"""The formats in which an option is certified alone: those in which most kernels are run."""


def _with_options(
    built_ins: Sequence[Implementation], options: Options, limits: Limits | None
) -> Iterator[Implementation]:
    """Yield the built-ins for each loss of the set that suits what is chosen.

    Those of one loss follow each other, because they have the same plan of cases.
    """
    for (name, loss), one in product(LOSSES.items(), built_ins):
        chosen = replace(
            options,
            quantities=[name for name in QUANTITIES_OF_A_LOSS if name in one.functions],
            formats=options.formats or (_OF_KERNELS if name in ALONE else ()),
            targets=options.targets or needed_targets(loss),
            loss=loss,
        )
        if chosen.quantities:
            # With other targets than indices no rows are ignored, for example.
            with suppress(SpecError):
                found = subject_of(one.origin, chosen, limits=limits)
                yield replace(found, name=f"{one.name}, {name}")


def select_subjects(
    specs: Sequence[str], options: Options, *, limits: Limits | None = None
) -> Selection:
    """Load the implementations that `specs` name; if there is none, those of :data:`UNNAMED`.

    One that was not named is left out if it cannot be loaded, or does not claim what is selected.
    If none is named and no loss is chosen, the built-ins come for each loss of
    :data:`gradcert_implementations.LOSSES` too. Within limits, each is loaded by a process of its
    own.

    Raises
    ------
    SpecError
        If a named one cannot be loaded, or nothing is left.

    Examples
    --------
    >>> options = Options(quantities=["loss"], formats=["binary64"])
    >>> found = select_subjects([], options)
    >>> found.subjects[0].name, found.with_options[0].name
    ('numpy', 'numpy, label smoothing')
    >>> found.left_out["diagonal-only"]
    "diagonal-only does not claim the quantity 'loss'; it claims dE/dz"
    """
    selection = Selection([], [], {})
    for spec in specs or UNNAMED:
        try:
            selection.subjects.append(subject_of(spec, options, limits=limits))
        except SpecError as error:
            if specs:
                raise
            selection.left_out[spec] = str(error)
    if not selection.subjects:
        reasons = "; ".join(dict.fromkeys(selection.left_out.values()))
        raise SpecError(f"nothing to certify: {reasons}")
    if not specs and not options.loss:
        built_ins = [one for one in selection.subjects if one.origin in BUILT_IN]
        selection.with_options.extend(_with_options(built_ins, options, limits))
    return selection


def settings_in(
    selection: Selection, subject: Implementation, settings: SearchSettings
) -> SearchSettings:
    """Return the settings of a subject in a run.

    A built-in with options is certified with less effort, because there are many.
    """
    lighter = subject in selection.with_options
    return replace(settings, effort=settings.effort.less) if lighter else settings


@contextmanager
def _bar(name: str) -> "Iterator[Callable[[Certificate], None]]":
    """Show a progress bar. Yield what moves it to where a certificate is."""
    with progress_bar() as shown:
        task = shown.add_task(name)
        yield lambda now: shown.update(task, completed=len(now.results), total=now.planned)


_ONE_AT_A_TIME = threading.RLock()
"""Ball arithmetic and Hypothesis have settings for the whole process, not for a thread."""


def certify(
    implementation: Implementation | Callable[..., Any] | str,
    *,
    max_examples: int = MAX_EXAMPLES,
    seed: int = 0,
    effort: str = Effort.STANDARD,
    limits: Limits | None = None,
    progress: bool = False,
    **options: Unpack[OptionValues],
) -> "Certificate":
    """Certify an implementation. Threads that call this at the same time wait for each other.

    Parameters
    ----------
    implementation
        An Implementation, a plain function ``(logits, targets) -> dE/dz`` on arrays of shape
        (batch, classes), or a SPEC string. If the function has a third argument without a default,
        or one called ``g``, ``upstream``, ``grad_output`` or ``dy``, it gets the upstream gradient.
    max_examples
        Cases that a standard run draws for a check, at most; the plan of cases comes on top.
    seed
        The same seed tries the same cases, and finds the same minimal counterexamples.
    effort
        How much of the plan of cases is tried: ``quick``, ``standard`` or ``thorough``.
    limits
        Runs the implementation in a process of its own, with a limit for the time of a call and one
        for memory. A hang or a crash is then a verdict. It needs a SPEC or a public name.
    progress
        Whether a progress bar is shown, on standard error or in a notebook.
    **options
        What to certify, as :class:`gradcert_implementations.Options` has it: ``quantities`` and
        ``formats`` (a selection of what an Implementation claims, or what a plain function claims,
        which is dE/dz in binary64 and binary32), ``targets``, ``largest_logit``, ``loss``,
        ``domain`` and ``at_least`` (in place of what it declares, option by option; a level worse
        than ``at_least`` is refuted) and ``device`` (where a loss behind ``torch:`` or ``jax:`` is
        computed).

    Returns
    -------
    The certificate: the verdict, the level, and the result of every check. ``print`` shows it in
    about ten lines, a notebook as a table, and :func:`gradcert.write` writes its report.

    Raises
    ------
    SpecError
        If there is nothing to certify, or an option is unknown or means nothing.
    ValueError
        If `max_examples` is not a positive integer, `seed` is negative or no integer, or `effort`
        is unknown.

    Examples
    --------
    >>> import gradcert
    >>> certificate = gradcert.certify("diagonal-only", formats=["fp64"], max_examples=10)
    >>> found = certificate.refutations[0].discrepancy
    >>> certificate.verdict, found.arguments["logits"], found.returned
    ('refuted', (('0.0', '0.0'),), ('-0.5', '0.0'))
    >>> print(certificate)
    diagonal-only is refuted for dE/dz in binary64: wrong formula
      wrong     accuracy refutes dE/dz in binary64: dE/dz is 0.0; its true value is 0.5
      at        logits [0, 0], targets [1, 0]
      true      [-0.5, 0.5]
      returned  [-0.5, 0]
      ...

    :func:`gradcert.explanation` says in words what a result shows.

    >>> for line in gradcert.explanation(certificate.refutations[0]).splitlines()[1:5]:
    ...     print(line.strip())
    at        logits [0, 0], targets [1, 0]
    true      [-0.5, 0.5]
    returned  [-0.5, 0]
    wrong     class 1: 0, where 0.5 is true
    """
    from gradcert.engine.certification import certifying

    chosen = Options.of(options, certify.__kwdefaults__ or ())
    settings = SearchSettings(max_examples=max_examples, seed=seed, effort=Effort.named(effort))
    subject = subject_of(implementation, chosen, limits=limits)
    with _ONE_AT_A_TIME, interruptible(), _bar(subject.name) if progress else nullcontext() as bar:
        for certificate in certifying(subject, settings):
            if bar is not None:
                bar(certificate)
    return certificate
