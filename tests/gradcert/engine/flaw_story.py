"""The explanation of a flaw, with numbers that are computed when it is printed."""

from collections.abc import Sequence
from textwrap import fill, indent

from flint import arb

from gradcert.checks import planned
from gradcert.core.claim import claims_of
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken
from gradcert.core.outcome import Outcome
from gradcert.diagnosis.counterevidence import exposing_case
from gradcert.engine.record import result_of
from gradcert_implementations import Flaw, documented, loss_in_words
from gradcert_oracle import (
    BINARY64,
    FAITHFUL,
    GRADIENT,
    JACOBIAN,
    LOSS_BY_PROBABILITY,
    SOFTMAX,
    Quantity,
    Question,
    Row,
    enclose,
    judge,
    ulps,
)
from gradcert_reports import explanation

__all__ = ["chain_rule", "explain"]

_WIDTH = 92


def _exposed(flaw: Flaw) -> str:
    """Return what a check finds on the exposing input, or how large its errors are there."""
    for one in planned(flaw):
        case = exposing_case(flaw, one.claim.format)
        if not case.arguments.keys() >= set(one.claim.quantity.arguments):
            continue  # The case has logits, and this quantity takes probabilities.
        try:
            one.check.run(one.claim, case)
        except (Refuted, Broken) as failure:
            outcome = Outcome(examples=1, failure=failure, case=case)
            return explanation(result_of(one.claim, one.check, outcome))
    return _nearness(flaw)


def _nearness(flaw: Flaw) -> str:
    claim = next(claims_of(flaw))
    case = exposing_case(flaw, claim.format)
    values = claim.answer(case)[0].tolist()
    question = claim.question(case, 0)
    truth = enclose(question)
    sizes = [ulps(value, true, claim.format) for value, true in zip(values, truth, strict=True)]
    shown = ", ".join("-" if size is None else f"{size:.1e}" for size in sizes)
    at = ", ".join(f"{name} {list(question[name])}" for name in question.quantity.arguments)
    return (
        f"no check refutes it: at {at} its errors are {shown} ulps; "
        f"the level {judge(question, values).algorithm} explains them, and {FAITHFUL} does not"
    )


def _line(label: str, values: Sequence[arb]) -> str:
    return f"  {label:<38}" + "".join(f"{float(value):>10.5f}" for value in values)


def chain_rule(z: Row, t: Row) -> str:
    """Return the chain rule at one point: its diagonal, its sum, and the finite difference.

    Examples
    --------
    >>> print(chain_rule((0.0, 0.0), (1.0, 0.0)).splitlines()[-1].strip())
    (E(z + h e_j) - E(z - h e_j)) / 2h      -0.50000   0.50000
    """

    def true(quantity: Quantity, *rows: Row) -> Sequence[arb]:
        return enclose(Question(quantity, rows, BINARY64))

    o = true(SOFTMAX, z)
    slopes = true(LOSS_BY_PROBABILITY, tuple(map(float, o)), t)
    jacobian = true(JACOBIAN, z)
    n = len(z)
    rows = [jacobian[i * n : (i + 1) * n] for i in range(n)]
    lines = [
        f"At logits {list(z)}, targets {list(t)}, class by class:",
        "",
        _line("o_j = exp(z_j) / sum_k exp(z_k)", o),
        _line("dE/do_i = -t_i / o_i", slopes),
        *(_line(f"do_{i + 1}/dz_j", row) for i, row in enumerate(rows)),
        "",
        _line("the diagonal only, dE/do_j do_j/dz_j", [slopes[j] * rows[j][j] for j in range(n)]),
        _line(
            "the sum over i of dE/do_i do_i/dz_j",
            [sum((slopes[i] * rows[i][j] for i in range(n)), arb(0)) for j in range(n)],
        ),
        _line("(E(z + h e_j) - E(z - h e_j)) / 2h", true(GRADIENT, z, t)),
    ]
    return "\n".join(lines)


def explain(flaw: Flaw) -> str:
    """Return what a flaw computes, how people make the mistake, and what shows it."""
    title, story = documented(flaw.name)
    parts = [
        f"{flaw.name}: {title}",
        "\n".join(
            [
                f"  formula  {flaw.formula}",
                f"  claimed  {', '.join(flaw.functions)} in {', '.join(flaw.formats)}, "
                f"{flaw.domain.targets} targets",
                *([f"  loss     {loss_in_words(flaw.loss)}"] if flaw.own else []),
                f"  kind     {flaw.kind}",
                f"  source   {flaw.source}",
                *(f"           {link}" for link in flaw.links),
            ]
        ),
        *(indent(fill(part, _WIDTH), "  ") for part in story.split("\n\n")),
    ]
    if flaw.name == "diagonal-only":
        parts.append(indent(chain_rule((2.0, 1.0, 0.0), (0.0, 1.0, 0.0)), "  "))
    parts.append(indent(_exposed(flaw), "  "))
    return "\n\n".join(parts)
