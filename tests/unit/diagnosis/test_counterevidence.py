"""A subject is asked what may contradict a flaw only where its claim is about that."""

from dataclasses import replace

import numpy as np
import pytest

from gradcert.checks import check_named
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.counterevidence import contradicted_elsewhere
from gradcert.diagnosis.refutations import Checked, Refutation, Refutations
from gradcert_implementations import Array, Domain, Flaw, Implementation, load
from gradcert_oracle import BINARY16, BINARY32, BINARY64, GRADIENT


@pytest.mark.parametrize(
    ("domain", "flaw"),
    [(Domain(classes=9), "sign-flipped"), (Domain(finite_logits=True), "mask-by-multiplication")],
)
def test_a_subject_is_not_called_on_an_exposing_input_outside_its_domain(
    domain: Domain, flaw: str
) -> None:
    asked: list[Array] = []

    def gradient(z: Array, t: Array) -> Array:
        asked.append(z)
        return t

    subject = Implementation(name="mine", functions={"dE/dz": gradient}, domain=domain)
    known = load(flaw)
    assert isinstance(known, Flaw)
    about = (Checked(Claim(subject, GRADIENT, BINARY64), check_named("accuracy"), Outcome()),)
    assert not contradicted_elsewhere(known, Refutations(about, (), (), 0))
    assert asked == []


@pytest.mark.parametrize(("upstream", "counted"), [(1.0, 1), (5e4, 0), (1e30, 0), (-1e30, 0)])
def test_a_case_whose_numbers_another_format_does_not_have_speaks_neither_for_nor_against(
    upstream: float, counted: int
) -> None:
    def gradient(z: Array, t: Array, g: Array) -> Array:
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return (e / e.sum(axis=-1, keepdims=True) - t) * g[:, np.newaxis]

    subject = Implementation(name="mine", functions={"dE/dz": gradient}, takes_upstream=True)
    check = check_named("twice-the-upstream")
    arguments = {"logits": np.float32([[0, 1, 2]]), "targets": np.float32([[0, 0, 1]])}
    case = Case(arguments, (Regime("drawn"),), np.float32([upstream]))
    binary16, binary32 = (Claim(subject, GRADIENT, format) for format in (BINARY16, BINARY32))
    refutation = Refutation(binary32, check, (Evidence(case, ""),), (), (), 0)
    flaw = load("upstream-gradient-ignored")
    assert isinstance(flaw, Flaw)
    found = Refutations((Checked(binary16, check, Outcome()),), (refutation,), (), 0)
    exposing = contradicted_elsewhere(flaw, replace(found, again=()))
    assert contradicted_elsewhere(flaw, found) == exposing + counted
