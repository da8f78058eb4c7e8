"""Which implementations a run is about: those named, or all that are built in and can be loaded."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gradcert.limits import Limits
from gradcert_implementations import BUILT_IN, Implementation, SpecError, load

if TYPE_CHECKING:
    from gradcert_reports import Verdict

__all__ = ["EXPECTED", "Selection", "select_subjects"]

EXPECTED: "dict[str, Verdict]" = {**dict.fromkeys(BUILT_IN, "conforms"), "diagonal-only": "refuted"}
"""What is certified where nothing is named, with the verdicts that must come out."""

Selection = tuple[list[Implementation], dict[str, str]]
"""The implementations, and why each of the other built-ins was left out, by name."""


def select_subjects(
    specs: Sequence[str],
    *,
    quantities: Sequence[str] = (),
    formats: Sequence[str] = (),
    targets: str | None = None,
    device: str | None = None,
    limits: Limits | None = None,
) -> Selection:
    """Load the implementations that `specs` name; without one, :data:`EXPECTED`.

    Those that were not named are left out where they cannot be loaded, or do not claim what is
    selected. Within limits, each is loaded by a process of its own.

    Raises
    ------
    SpecError
        If a named one cannot be loaded, or nothing is left.

    Examples
    --------
    >>> subjects, left_out = select_subjects([], quantities=["loss"], formats=["binary64"])
    >>> subjects[0].name, left_out["diagonal-only"]
    ('numpy', "diagonal-only does not claim the quantity 'loss'; it claims dE/dz")
    """
    subjects, left_out = [], {}
    loading: Callable[..., Implementation] = load
    if limits is not None:
        from gradcert.isolation import load_isolated  # With it comes all that examines.

        loading = functools.partial(load_isolated, limits=limits)
    for spec in specs or EXPECTED:
        try:
            subjects.append(
                loading(
                    spec, quantities=quantities, formats=formats, targets=targets, device=device
                )
            )
        except SpecError as error:
            if specs:
                raise
            left_out[spec] = str(error)
    if not subjects:
        raise SpecError(f"nothing to certify: {'; '.join(dict.fromkeys(left_out.values()))}")
    return subjects, left_out
