"""The HTML pages that the tests open in a browser, each with what is hard to lay out or hostile."""

from collections.abc import Callable, Iterator
from pathlib import Path

from filled_reports import filled
from hostile_texts import ALL_IN_ONE
from msgspec.structs import replace

from audits import Audited, Result, facts, pages
from gradcert_reports import Certificate, CheckResult, Jacobian, Report, Verdict, html, read
from gradcert_reports.audits.bound_page import bound_page
from gradcert_reports.audits.example import EXAMPLE
from gradcert_reports.searches.example import EXAMPLE as SEARCH
from gradcert_reports.searches.page import search_page
from gradcert_reports.searches.records import Found

__all__ = ["HOSTILE", "PAGES"]

GOLDEN = Path(__file__).parent / "reports" / "golden" / "certificate.json"

HOSTILE = "<script>document.title = 'owned'</script><img src='https://example.com/i.png'> $x$ " + (
    "unbroken" * 20
)


def _without_answer(verdict: Verdict, reason: str) -> tuple[CheckResult, ...]:
    return tuple(
        CheckResult(
            check=check,
            quantity="dE/dz",
            format="binary64",
            verdict=verdict,
            examples=1,
            reason=reason,
        )
        for check in ("accuracy", "many-classes", "empty-batch")
    )


def _of_jacobian(refuted: Certificate) -> Certificate:
    """Return a certificate whose counterexample is a Jacobian, with a table of its own."""
    (first, *_) = refuted.refutations
    found = first.discrepancy
    assert found is not None
    true = (("0.25", "-0.25"), ("-0.25", "0.25"))
    wrong = (("0.25", "0.0"), ("0.0", "0.25"))
    shown = replace(
        found,
        arguments={"logits": found.arguments["logits"]},
        returned=(*wrong[0], *wrong[1]),
        expected=(*true[0], *true[1]),
        jacobian=Jacobian(true=true, returned=wrong),
    )
    result = replace(first, quantity="do/dz", discrepancy=shown)
    return replace(refuted, name="diagonal-jacobian", quantities=("do/dz",), results=(result,))


def _certificates() -> Iterator[Certificate]:
    right, refuted, hidden = read(GOLDEN).certificates
    two = [replace(result, format="bfloat16") for result in right.results]
    yield replace(right, formats=("binary64", "bfloat16"), results=(*right.results, *two))
    yield refuted
    yield _of_jacobian(refuted)
    yield replace(hidden, name=HOSTILE, loss={"output": HOSTILE})
    for verdict, reason in (
        (Verdict.BROKEN, "raised ValueError: " + "out of <registers>" * 10),
        (Verdict.NOT_SUPPORTED, "no gradients here"),
    ):
        results = _without_answer(verdict, reason)
        yield replace(
            refuted, name=verdict.slug, verdict=verdict, results=results, planned=3, diagnoses=()
        )
    yield replace(right, verdict=Verdict.INCOMPLETE, worst=None, results=())


def _report() -> str:
    """Return a report with an implementation of every verdict, one with a hostile name."""
    return html(Report(certificates=tuple(_certificates())))


def _one() -> str:
    """Return the report of one implementation."""
    _, refuted, *_ = _certificates()
    return html(Report(certificates=(refuted,)))


def _league() -> str:
    """Return a report of 32 implementations, of which a quarter are wrong, with other commands."""
    right, refuted, _, _, broken, *_ = _certificates()
    kinds = [right, right, right, refuted, right, right, right, broken] * 4
    return html(
        Report(
            certificates=tuple(
                replace(
                    one,
                    name=f"{one.name} {number}",
                    planned=len(one.results),
                    provenance=replace(one.provenance, command=f"gradcert certify {number % 4}"),
                )
                for number, one in enumerate(kinds)
            )
        )
    )


def _hostile() -> str:
    """Return a report with hostile texts in every field."""
    return html(filled(ALL_IN_ONE))


def _audit() -> str:
    """Return the page of an audit of a bound, with a hostile name."""
    (first, *others) = EXAMPLE.passing
    wrong = replace(first, name=HOSTILE, sentence=HOSTILE)
    return bound_page(replace(EXAMPLE, passing=(wrong, *others)))


def _audits() -> str:
    """Return the page of the audits of all public tests, with a hostile name."""
    tests = [
        Audited(one, tuple(Result("", name, EXAMPLE) for name in one.formats * one.replayed))
        for one in facts()
    ]
    first = replace(tests[0], test=replace(tests[0].test, project=HOSTILE, advice=HOSTILE))
    return pages([first, *tests[1:]], HOSTILE)["audits.html"]


def _search() -> str:
    """Return the page of a search, with a hostile name, and a claim that is refuted."""
    (result, *_) = (one for found in read(GOLDEN).certificates for one in found.refutations)
    (claim,) = SEARCH.claims
    wrong = replace(claim, claim=HOSTILE, found=Found(result=result))
    return search_page(replace(SEARCH, name=HOSTILE, command=HOSTILE, claims=(claim, wrong)))


PAGES: dict[str, Callable[[], str]] = {
    "report": _report,
    "one": _one,
    "league": _league,
    "hostile": _hostile,
    "audit": _audit,
    "audits": _audits,
    "search": _search,
}
"""What makes each page, by a name."""
