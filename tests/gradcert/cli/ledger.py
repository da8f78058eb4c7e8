"""The eight claims that gradcert is about, each certified or refuted like any implementation.

A claim is a formula. A built-in computes the formula, and is certified on the targets for which the
formula is claimed. Claim 6 has three statements, because it is true on one domain of targets only.
Claim 7 has two, because it is about two outputs. Claim 8 has two, one with the learner's diagonal.
"""

from dataclasses import dataclass

from gradcert_implementations import Implementation, QuantityName, TargetDomain, load
from gradcert_reports import Entry, Verdict

__all__ = ["ENTRIES", "LEDGER", "Statement"]

_FORMATS = ("binary64", "binary32")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a claim.

    Attributes
    ----------
    claim
        The number of the claim.
    statement, where
        The formula, and the outputs and targets for which it is claimed.
    spec, quantity, targets
        The built-in that computes the formula, its quantity, and the targets it is certified for.
    expected
        The verdict that must come out.
    """

    claim: int
    statement: str
    where: str
    spec: str
    quantity: QuantityName
    targets: TargetDomain
    expected: Verdict

    def implementation(self) -> Implementation:
        """Return the formula as an implementation."""
        return load(self.spec, quantities=[self.quantity], formats=_FORMATS, targets=self.targets)


_ANY = "targets that sum to anything"
_ONE = "targets that sum to one"
_VECTOR = "softmax, and v of any sign"

LEDGER: tuple[Statement, ...] = (
    Statement(
        claim=1,
        statement="dE/do_j = -t_j / o_j",
        where=_ANY,
        spec="numpy",
        quantity="dE/do",
        targets="any",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=2,
        statement="do_j/dz_j = o_j (1 - o_j), and do_i/dz_j = -o_i o_j off the diagonal",
        where="softmax",
        spec="numpy",
        quantity="do/dz",
        targets="probability",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=3,
        statement="dE/dz_j = t_j o_j - t_j",
        where=_ONE,
        spec="diagonal-only",
        quantity="dE/dz",
        targets="probability",
        expected=Verdict.REFUTED,
    ),
    Statement(
        claim=4,
        statement="dE/dz_j = t_j - o_j",
        where=_ONE,
        spec="sign-flipped",
        quantity="dE/dz",
        targets="probability",
        expected=Verdict.REFUTED,
    ),
    Statement(
        claim=5,
        statement="dE/do_j = (t_j - o_j) / (o_j (1 - o_j))",
        where=_ONE,
        spec="binary-cross-entropy-slope",
        quantity="dE/do",
        targets="probability",
        expected=Verdict.REFUTED,
    ),
    Statement(
        claim=6,
        statement="dE/dz_j = o_j - t_j",
        where=_ONE,
        spec="numpy",
        quantity="dE/dz",
        targets="probability",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=6,
        statement="dE/dz_j = o_j - t_j",
        where=_ANY,
        spec="targets-assumed-to-sum-to-one",
        quantity="dE/dz",
        targets="any",
        expected=Verdict.REFUTED,
    ),
    Statement(
        claim=6,
        statement="dE/dz_j = o_j sum_i t_i - t_j",
        where=_ANY,
        spec="any-targets",
        quantity="dE/dz",
        targets="any",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=7,
        statement="dE/dz_j = (dE/do_j) (do_j/dz_j)",
        where="sigmoid with binary cross-entropy",
        spec="sigmoid-product",
        quantity="dE/dz",
        targets="any",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=7,
        statement="dE/dz_j = (dE/do_j) (do_j/dz_j)",
        where="identity with squared error",
        spec="identity-product",
        quantity="dE/dz",
        targets="any",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=8,
        statement="sum_i v_i do_i/dz_j = o_j (v_j - sum_k o_k v_k)",
        where=_VECTOR,
        spec="numpy",
        quantity="softmax-backward",
        targets="probability",
        expected=Verdict.CONFORMS,
    ),
    Statement(
        claim=8,
        statement="sum_i v_i do_i/dz_j = o_j (1 - o_j) v_j",
        where=_VECTOR,
        spec="diagonal-jacobian",
        quantity="softmax-backward",
        targets="probability",
        expected=Verdict.REFUTED,
    ),
)
"""Claim 6 shows why targets must sum to one, and claim 7 where the diagonal is enough.

Claim 8 is the first mistake again, in the backward of softmax.
"""


ENTRIES = tuple(
    Entry(
        claim=line.claim,
        statement=line.statement,
        where=line.where,
        expected=line.expected,
        certificate=place,
    )
    for place, line in enumerate(LEDGER)
)
"""The statements as records of a report, one for each certificate and in the same order."""
