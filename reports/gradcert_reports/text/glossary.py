"""The words of a report, each defined in a sentence."""

from gradcert_reports.model.mistake import Mistake
from gradcert_reports.model.verdict import Verdict

__all__ = ["KINDS", "TERMS"]

TERMS: dict[str, str] = {
    Verdict.CONFORMS: "every check passed",
    Verdict.REFUTED: "a check found a case that contradicts the claim",
    Verdict.BROKEN: "the implementation raised an error, or returned the wrong type, shape or "
    "dtype",
    Verdict.NOT_SUPPORTED: "the implementation raised `NotImplementedError` for something that it "
    "claims",
    Verdict.INCOMPLETE: "no fault was found, but a check has not run",
    "quantity": "what a function computes: softmax, loss, dE/do, do/dz, dE/dz, log-softmax, "
    "softmax-backward, log-softmax-backward, hvp, dE/dt",
    "case": "one generated input: a batch of rows of logits or probabilities, mostly with targets; "
    "each row has its regime",
    "regime": "what kind of row a row is: its shape, what was changed, its targets, its v",
    "enclosure": "a ball, centre and radius, that provably holds the true value",
    "ulp": "unit in the last place: the distance between neighbouring numbers of a format at the "
    "true value",
    "error budget": "what rounding may cost a textbook algorithm on one value of one row, proved; "
    "two are allowed",
    "level": "the best textbook algorithm whose budgets cover the error: faithful, wide, shifted, "
    "log-softmax, log-sum-exp; a claim may demand one (`--at-least`)",
    "reach": "the largest size of logits up to which a claim holds beyond the required range",
    "diagnosis": "the known flaws that fail in the same way; without one, "
    "what the wrong values show",
}
"""The words that a page uses, in the order in which a reader meets them."""

KINDS = {
    Mistake.FORMULA: "the answer is wrong on paper: a derivative, a factor, a sign, a term",
    Mistake.MASK: "a class that is masked with -inf spoils the others",
    Mistake.IGNORED: "a row whose label is ignored has a gradient, or counts in a mean",
    Mistake.OVERFLOW: "the answer is NaN or infinite, or a step overflows",
    Mistake.MEMORY: "the wrong memory is read or written: an input, another row, a shared buffer",
    Mistake.CALL: "the answer depends on earlier calls, or the call cannot be repeated",
    Mistake.SIDE_EFFECT: "the call prints, or changes a setting of the process",
    Mistake.SIZE: "only some numbers of classes or rows go wrong: a block, a tail, a lane",
    Mistake.PRECISION: "digits or small values are lost",
}
"""The kinds of mistakes."""
