"""The story of a flaw, with numbers that are computed on the spot."""

from collections.abc import Sequence
from textwrap import fill, indent

from flint import arb

from gradcert.cases import Broken, Claim
from gradcert.checks import Refuted, planned
from gradcert.diagnosis import exposing_case
from gradcert.examine import Outcome
from gradcert.recording import result_of
from gradcert_implementations import Flaw, documented
from gradcert_oracle import BINARY64, QUANTITIES, Row, judge, ulps
from gradcert_reports import explanation

__all__ = ["chain_rule", "explain"]

_WIDTH = 92


def _exposed(flaw: Flaw) -> str:
    """Return what a check says of the exposing input, or how near to the truth its values are."""
    for check, claim in planned(flaw):
        case = exposing_case(flaw, claim.format)
        try:
            check.run(claim, case)
        except (Refuted, Broken) as failure:
            return explanation(result_of(claim, check, Outcome(1, (), failure, case)))
    return _nearness(flaw)


def _nearness(flaw: Flaw) -> str:
    claim = Claim(flaw, "dE/dz", BINARY64)
    case = exposing_case(flaw, claim.format)
    values = claim.answer(case.first, case.targets)[0].tolist()
    question = claim.row(*case.rows()[0])
    truth = QUANTITIES[question[0]](*question[1:])
    sizes = [ulps(value, true, claim.format) for value, true in zip(values, truth, strict=True)]
    shown = ", ".join("-" if size is None else f"{size:.1e}" for size in sizes)
    judgement = judge(*question, values)
    return (
        f"no check refutes it: at logits {list(case.rows()[0][0])}, targets "
        f"{list(case.rows()[0][1])} it is off by {shown} ulps, which the level "
        f"{judgement.algorithm} explains and faithful does not"
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
    o = QUANTITIES["softmax"](z, (), BINARY64)
    slopes = QUANTITIES["dE/do"](tuple(map(float, o)), t, BINARY64)
    jacobian = QUANTITIES["do/dz"](z, (), BINARY64)
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
        _line("(E(z + h e_j) - E(z - h e_j)) / 2h", QUANTITIES["dE/dz"](z, t, BINARY64)),
    ]
    return "\n".join(lines)


def explain(flaw: Flaw) -> str:
    """Return what a flaw is, how people come to make it, and what exposes it."""
    title, story = documented(flaw.name)
    parts = [
        f"{flaw.name}: {title}",
        "\n".join(
            [
                f"  formula  {flaw.formula}",
                f"  claimed  {', '.join(flaw.functions)} in {', '.join(flaw.formats)}, "
                f"{flaw.targets} targets",
                f"  source   {flaw.source}",
            ]
        ),
        *(indent(fill(part, _WIDTH), "  ") for part in story.split("\n\n")),
    ]
    if flaw.name == "diagonal-only":
        parts.append(indent(chain_rule((2.0, 1.0, 0.0), (0.0, 1.0, 0.0)), "  "))
    parts.append(indent(_exposed(flaw), "  "))
    return "\n\n".join(parts)
