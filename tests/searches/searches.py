"""Search for the worst case of the built-ins: ``make searches``.

Each built-in is searched twice: every difference of two logits in the 16-bit formats, and an hour
of drawn rows on all cores. The folders are in ``.searches/``, and a search that was interrupted
goes on, if the code of gradcert is still the same. At the end ``reports/published/searches.md`` is
written.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gradcert.campaign.crew import code
from gradcert.cli.statuses import Status
from gradcert_implementations import BUILT_IN
from gradcert_reports.searches.phrases import at_least, at_most, count, duration, headline
from gradcert_reports.searches.records import Search
from gradcert_reports.text.escape import in_markdown

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "published" / "searches.md"
FOLDERS = ROOT / ".searches"
GRADCERT = Path(sys.executable).with_name("gradcert")

EXHAUSTIVE = ["--exhaustive", "--format", "binary16", "--format", "bfloat16"]
EXHAUSTIVE += ["--largest-logit", "4e38"]  # All finite numbers of both formats.
for name in ("softmax", "loss", "dE/dz", "softmax-backward"):
    EXHAUSTIVE += ["--quantity", name]

HEAD = """# Long searches

Made by `make searches`. The worst row that the oracle judged is a bound from below of the worst row
that there is, and no row that was examined is worse than the column beside it says. Two budgets are
allowed.
"""


def searched(name: str, arguments: list[str]) -> Search:
    """Search, or go on with it, and return what was found.

    Raises
    ------
    typer.Exit
        If the search was interrupted, could not begin, or is not complete.
    """
    into = FOLDERS / name
    command = [GRADCERT, "search", *arguments, "--into", into.relative_to(ROOT)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as search:
        try:
            status = search.wait()
        except KeyboardInterrupt:  # It has been interrupted too, and says how it goes on.
            search.wait()
            raise typer.Exit(Status.INTERRUPTED) from None
    if status not in (Status.CONFORMS, Status.WRONG):
        raise typer.Exit(abs(status))
    found = msgspec.json.decode((into / "search.json").read_bytes(), type=Search)
    if not found.complete:
        raise typer.Exit(Status.INCOMPLETE)
    return found


def lines_of(search: Search) -> Iterator[str]:
    """Yield a section about a search."""
    yield f"\n## {in_markdown(headline(search))}\n"
    versions = ", ".join(f"{name} {version}" for name, version in search.versions.items())
    ran = f"`{search.command}` ran for {duration(search.seconds)}, begun {search.date}"
    yield f"{ran}, with {versions}.\n"
    yield "| claim | rows | time of one core | worst row judged | no row is worse than | |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for claim in search.claims:
        worst = claim.worst and at_least(claim.worst.bound, claim)
        said = claim.exhaustive
        if claim.found is not None:
            said = f"{claim.found.result.verdict}"
        cells = (claim.claim, count(claim.rows), duration(claim.seconds))
        most = "-" if claim.found or not claim.rows else at_most(claim.bound, claim)
        cells += (worst or "-", most, said)
        yield f"| {' | '.join(map(in_markdown, cells))} |"


def main(hours: Annotated[float, typer.Option()] = 1.0) -> None:
    """Search the built-ins, and publish what was found."""
    FOLDERS.mkdir(exist_ok=True)
    found = [
        searched(f"{name}-{kind}-{code()}", [name, *arguments])
        for kind, arguments in (("exhaustive", EXHAUSTIVE), ("drawn", ["--hours", f"{hours:g}"]))
        for name in BUILT_IN
    ]
    lines = (line for search in found for line in lines_of(search))
    PUBLISHED.write_text(HEAD + "\n".join(lines) + "\n")
    typer.echo(f"wrote {PUBLISHED}")


if __name__ == "__main__":
    typer.run(main)
