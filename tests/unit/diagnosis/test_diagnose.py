"""Each refuted quantity is diagnosed, with the flaws that explain it in the best order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from diagnosis_subjects import (
    certificate,
    descent_direction,
    diagnosis,
    explained,
    jacobian_of_a_diagonal,
    loss_in_bits,
    matches,
    raising,
    softmax,
)
from subjects import case_of, right

from gradcert import certify
from gradcert.checks import check_named
from gradcert.core.claim import claims_of
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.counterevidence import exposing_case
from gradcert.diagnosis.diagnose import diagnose
from gradcert.diagnosis.refutations import Checked
from gradcert_implementations import Array, Flaw, FormatName, Implementation, load
from gradcert_oracle import BINARY32
from gradcert_reports import Report, details, markdown


def diagonal_left_in_its_arguments(z: Array, t: Array) -> Array:
    o = softmax(z)
    if z.flags.writeable:
        z[:] = o
    result: Array = (o - 1) * t
    return result


def test_two_mistakes_are_both_listed_with_the_number_of_cases_that_each_explains() -> None:
    found = certificate(diagonal_left_in_its_arguments, effort="standard")
    (diagnosis,) = found.diagnoses
    assert list(matches(diagnosis)) == ["diagonal-only"]
    shares = explained(diagnosis)
    assert list(shares)[:2] == ["diagonal-only", "overwrites-logits"]
    by_check = [result.check for result in found.refutations]
    assert {"accuracy", "inputs-unchanged"} <= set(by_check)
    assert shares["diagonal-only"] + shares["overwrites-logits"] == diagnosis.cases
    for shown in (details(found), markdown(Report(certificates=(found,)))):
        for flaw in ("diagonal-only", "overwrites-logits"):
            assert f"{flaw} ({shares[flaw]} of {diagnosis.cases})" in shown or (
                f"{flaw} explains {shares[flaw]} of {diagnosis.cases}" in shown
            )


def test_each_refuted_quantity_has_a_diagnosis_of_its_own() -> None:
    subject = Implementation(
        name="theirs",
        functions={
            "softmax": softmax,
            "loss": loss_in_bits,
            "do/dz": jacobian_of_a_diagonal,
            "dE/dz": descent_direction,
        },
        formats=("binary64",),
    )
    found = certify(subject, max_examples=10, effort="quick")
    assert [(d.quantity, d.matches[0].flaw) for d in found.diagnoses] == [
        ("loss", "base-two-logarithm"),
        ("do/dz", "diagonal-jacobian"),
        ("dE/dz", "sign-flipped"),
    ]


def unwilling(_z: Array, _t: Array) -> Array:
    raise NotImplementedError


@pytest.mark.parametrize("function", [right, raising, unwilling])
def test_a_quantity_that_is_not_refuted_has_no_diagnosis(function: Callable[..., Array]) -> None:
    found = certificate(function, max_examples=5)
    assert found.verdict != "refuted"
    assert found.diagnoses == ()
    assert "diagnosis" not in details(found)


# Flaws that do the same in one format.


def casting_only_if_needed(z: Array, t: Array) -> Array:
    y = z.astype(np.float32, copy=False)
    if not y.flags.writeable:
        y = y.copy()
    np.subtract(y, np.amax(y, axis=1)[:, None], out=y)
    np.exp(y, out=y)
    np.multiply(y, np.reciprocal(np.add.reduce(y, axis=1))[:, None], out=y)
    return np.subtract(y, t.astype(np.float32)).astype(z.dtype)


def overwriting_in_any_format(z: Array, t: Array) -> Array:
    wide = z.astype(np.float64)
    if z.flags.writeable:
        z[:] = softmax(wide).astype(z.dtype)
    return right(wide, t.astype(np.float64)).astype(z.dtype)


@pytest.mark.parametrize(
    ("function", "formats", "flaw"),
    [
        (overwriting_in_any_format, ("binary32", "bfloat16"), "overwrites-logits"),
        (overwriting_in_any_format, ("binary64", "binary32"), "overwrites-logits"),
        (casting_only_if_needed, ("binary32", "bfloat16"), "upcast-is-a-copy-only-if-needed"),
        (casting_only_if_needed, ("binary32",), "upcast-is-a-copy-only-if-needed"),
    ],
)
def test_another_format_decides_between_flaws_that_do_the_same_in_one(
    function: Callable[..., Array], formats: tuple[FormatName, ...], flaw: str
) -> None:
    found = diagnosis(function, formats=formats)
    assert found.matches[0].flaw == flaw
    assert found.matches[0].explains == found.cases


def test_flaws_between_which_no_format_decides_are_both_listed() -> None:
    found = diagnosis(overwriting_in_any_format, formats=("binary32",))
    assert matches(found) == dict.fromkeys(
        ["overwrites-logits", "upcast-is-a-copy-only-if-needed"], found.cases
    )


@pytest.mark.parametrize(
    ("logits", "upstream", "flaw", "named"),
    [
        ([0.0, 1.0, 3.0], 1.0, "sign-flipped", True),
        ([0.0, 0.0, 0.0], 1.0, "sign-flipped", False),
        ([0.0, 1.0, 3.0], 0.0, "upstream-gradient-ignored", False),
    ],
    ids=["different logits", "equal logits", "zero upstream"],
)
def test_a_flaw_is_named_only_if_a_case_distinguishes_it(
    logits: list[float], upstream: float, flaw: str, *, named: bool
) -> None:
    def flipped(z: Array, t: Array, g: Array) -> Array:
        result: Array = right(z, t) * np.where(g == 0, 1, -g)[:, np.newaxis]
        return result

    subject = Implementation(
        name="mine", functions={"dE/dz": flipped}, formats=("binary64",), takes_upstream=True
    )
    case = replace(case_of([logits], [[1, 0, 0]]), upstream=np.array([upstream]))
    outcome = Outcome(refutations=(Evidence(case, ""),) * 4)
    claim = next(claims_of(subject))
    (found,) = diagnose([Checked(claim, check_named("accuracy"), outcome)])
    assert (flaw in matches(found)) is named
    (said,) = [one for one in found.findings if "which of these flaws" in one] or [""]
    assert (flaw in said) is not named
    assert not found.partly


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sign-flipped", ["logits", "targets"]),
        ("binary-cross-entropy-slope", ["probabilities", "targets"]),
        ("row-sum-missing", ["logits", "targets", "v"]),
    ],
)
def test_the_exposing_case_of_a_flaw_has_its_arguments_in_the_format(
    name: str, arguments: list[str]
) -> None:
    flaw = load(name)
    assert isinstance(flaw, Flaw)
    case = exposing_case(flaw, BINARY32)
    assert list(case.arguments) == arguments
    assert {array.dtype for array in case.arguments.values()} == {np.dtype(np.float32)}
    assert [array.tolist() for array in case.arguments.values()] == [
        [list(row) for row in rows] for rows in flaw.exposed_by
    ]
    assert len(case.regimes) == case.rows
