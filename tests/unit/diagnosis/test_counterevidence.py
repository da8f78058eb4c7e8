"""A subject is asked what may contradict a flaw only where its claim is about that."""

import pytest

from gradcert.checks import check_named
from gradcert.core.claim import Claim
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.counterevidence import contradicted_elsewhere
from gradcert.diagnosis.refutations import Checked, Refutations
from gradcert_implementations import Array, Domain, Flaw, Implementation, load
from gradcert_oracle import BINARY64, GRADIENT


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
