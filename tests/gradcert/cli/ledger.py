"""The seven claims that gradcert grew from, each certified or refuted like any implementation.

A claim is a formula. A built-in computes the formula, and is certified on the targets for which the
formula is claimed. Claim 6 has three statements, because it is true on one domain of targets only.
Claim 7 has two, because it is about two outputs.
"""

from dataclasses import dataclass

from gradcert_implementations import Implementation, QuantityName, TargetDomain, load
from gradcert_reports import Entry, Verdict

__all__ = ["ENTRIES", "LEDGER", "Statement"]

_FORMATS = ("binary64", "binary32")


@dataclass(frozen=True)
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

LEDGER: tuple[Statement, ...] = (
    Statement(1, "dE/do_j = -t_j / o_j", _ANY, "numpy", "dE/do", "any", Verdict.CONFORMS),
    Statement(
        2,
        "do_j/dz_j = o_j (1 - o_j), and do_i/dz_j = -o_i o_j off the diagonal",
        "softmax",
        "numpy",
        "do/dz",
        "probability",
        Verdict.CONFORMS,
    ),
    Statement(
        3, "dE/dz_j = t_j o_j - t_j", _ONE, "diagonal-only", "dE/dz", "probability", Verdict.REFUTED
    ),
    Statement(
        4, "dE/dz_j = t_j - o_j", _ONE, "sign-flipped", "dE/dz", "probability", Verdict.REFUTED
    ),
    Statement(
        5,
        "dE/do_j = (t_j - o_j) / (o_j (1 - o_j))",
        _ONE,
        "binary-cross-entropy-slope",
        "dE/do",
        "probability",
        Verdict.REFUTED,
    ),
    Statement(6, "dE/dz_j = o_j - t_j", _ONE, "numpy", "dE/dz", "probability", Verdict.CONFORMS),
    Statement(
        6,
        "dE/dz_j = o_j - t_j",
        _ANY,
        "targets-assumed-to-sum-to-one",
        "dE/dz",
        "any",
        Verdict.REFUTED,
    ),
    Statement(
        6, "dE/dz_j = o_j sum_i t_i - t_j", _ANY, "any-targets", "dE/dz", "any", Verdict.CONFORMS
    ),
    Statement(
        7,
        "dE/dz_j = (dE/do_j) (do_j/dz_j)",
        "sigmoid with binary cross-entropy",
        "sigmoid-product",
        "dE/dz",
        "any",
        Verdict.CONFORMS,
    ),
    Statement(
        7,
        "dE/dz_j = (dE/do_j) (do_j/dz_j)",
        "identity with squared error",
        "identity-product",
        "dE/dz",
        "any",
        Verdict.CONFORMS,
    ),
)
"""Claim 6 shows why targets must sum to one, and claim 7 where the diagonal is enough."""


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
