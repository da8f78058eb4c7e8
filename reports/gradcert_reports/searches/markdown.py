"""A search as Markdown."""

from collections.abc import Iterator

from gradcert_reports.searches.phrases import claim, duration, headline, left_out, part, worst_row
from gradcert_reports.searches.records import ClaimSearch, Search
from gradcert_reports.text.escape import fenced, in_markdown
from gradcert_reports.text.explanations import diagnosed, explanation

__all__ = ["claim_markdown", "search_markdown"]


def claim_markdown(about: ClaimSearch) -> Iterator[str]:
    """Yield the lines about a claim: what was found, the worst row, and what was searched."""
    yield f"## {in_markdown(about.claim)}"
    yield ""
    for sentence in claim(about):
        yield f"- {in_markdown(sentence)}"
    if about.found is not None:
        shown = [explanation(about.found.result)]
        if about.found.diagnosis is not None:
            shown.append(diagnosed(about.found.diagnosis))
        yield ""
        yield fenced("\n".join(shown), "text")
    elif about.worst is not None:
        said, numbers = worst_row(about)
        yield f"- {in_markdown(said)}"
        yield ""
        yield fenced("\n".join(f"{name} {shown}" for name, shown in numbers), "text")
    yield ""
    yield "| part | rows | time of one core | worst row judged | no row is worse than |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in about.parts:
        yield f"| {' | '.join(map(in_markdown, part(one, about)))} |"
    yield ""


def _lines(search: Search) -> Iterator[str]:
    yield f"# {in_markdown(headline(search))}"
    yield ""
    state = "complete" if search.complete else "not complete"
    yield f"It ran for {duration(search.seconds)}, and is {state}."
    yield f"Claimed: {in_markdown(', '.join(search.claimed))}."
    yield ""
    for one in search.claims:
        yield from claim_markdown(one)
    for sentence in left_out(search):
        yield f"{in_markdown(sentence)}"
        yield ""
    versions = ", ".join(f"{name} {version}" for name, version in search.versions.items())
    yield f"Begun {in_markdown(search.date)} by `{search.command}`, with {in_markdown(versions)}."


def search_markdown(search: Search) -> str:
    r"""Render a search as Markdown.

    Examples
    --------
    >>> from gradcert_reports.searches.example import EXAMPLE
    >>> print(search_markdown(EXAMPLE).splitlines()[0])
    # my\_kernel: no row is wrong among 2.31e8.
    """
    return "\n".join(_lines(search)) + "\n"
