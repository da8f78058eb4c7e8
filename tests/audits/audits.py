"""Replay the comparisons of public gradient tests with wrong gradients: ``make audits``.

``tests.toml`` has the facts about each test: its shapes, its loss, how it draws its data and what
it compares. Data is drawn in the same way, and wrong answers are put through the same comparison.
No kernel of another project runs. Each result is appended to ``.audits/results.jsonl``, so that an
interrupted run goes on where it stopped; results of other facts or of other code of the audit are
ignored. At the end the pages ``reports/published/audits.md`` and ``audits.html`` are written.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import jinja2
import msgspec
import typer
from rich.progress import Progress

from gradcert.audit.bounds.audited import audited
from gradcert.audit.bounds.requests import setup_of
from gradcert.audit.bounds.setups import Setup
from gradcert.engine.provenance import machine, processor, versions
from gradcert_reports.audits.bound_phrases import change, right_bound, sizes
from gradcert_reports.audits.bound_records import BoundAudit
from gradcert_reports.model.verdict import Verdict
from gradcert_reports.text.escape import in_markdown, well_formed
from gradcert_reports.text.made import made_on, today
from gradcert_reports.text.templating import environment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FACTS, COMPARISONS = HERE / "tests.toml", HERE / "comparisons.py"
LINES = ROOT / ".audits" / "results.jsonl"
PUBLISHED = ROOT / "reports" / "published"

MOST = 1 << 24
"""Logits of a test that are compared at most: its first rows. Its mean divides by all rows."""


class PublicTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts about a case of a public test, as ``tests.toml`` has them."""

    project: str
    test: str
    link: str
    commit: str
    read: date
    quantity: str
    formats: tuple[str, ...]
    rows: int
    classes: int
    logits: str
    upstream: str
    targets: str
    loss: tuple[str, ...]
    close: str
    replayed: bool
    elsewhere: str
    advice: str
    ignored: float = 0.0
    unconfirmed: str = ""
    why_not: str = ""
    differs: str = ""
    claimed: str = ""
    claimed_to_pass: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """What the audit of a test found.

    Attributes
    ----------
    digest
        Of the facts and the code that the result depends on.
    format
        The format of the test's arrays.
    audit
        What was found.
    """

    digest: str
    format: str
    audit: BoundAudit

    @property
    def passing(self) -> list[str]:
        """The names of the wrong answers that pass."""
        return [one.name for one in self.audit.passing]


class Audited(msgspec.Struct, frozen=True):
    """A test with its results, one for each format; none where it is not replayed."""

    test: PublicTest
    results: tuple[Result, ...] = ()

    @property
    def refused(self) -> list[str]:
        """What was said to pass, and does not in any format."""
        passing = {name for result in self.results for name in result.passing}
        return [name for name in self.test.claimed_to_pass if self.results and name not in passing]


def facts() -> list[PublicTest]:
    """Return the facts about all tests."""
    content = tomllib.loads(FACTS.read_text("utf-8"))
    return msgspec.convert(content["test"], list[PublicTest])


def _setup(test: PublicTest, format: str) -> Setup:
    return setup_of(
        quantity=test.quantity,
        format=format,
        rows=test.rows,
        classes=test.classes,
        loss=test.loss,
        logits=test.logits,
        upstream=test.upstream,
        targets=test.targets,
        ignored=test.ignored,
        compared=max(1, MOST // test.classes),
    )


def digest(test: PublicTest, format: str) -> str:
    """Return a digest of what the result of a test depends on."""
    found = hashlib.sha256(repr((_setup(test, format), test.close)).encode())
    room = ROOT / "tests" / "gradcert" / "audit"
    for file in (COMPARISONS, room / "mutants.py", *sorted((room / "bounds").glob("*.py"))):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def result_of(test: PublicTest, format: str) -> Result:
    """Audit the comparison of a test in one of its formats."""
    close = test.close.replace(COMPARISONS.name, str(COMPARISONS))
    return Result(digest(test, format), format, audited(_setup(test, format), close))


def known() -> dict[str, Result]:
    """Return the results that are kept, by their digests.

    A line that was cut short, or that other code wrote, does not count.
    """
    found = {}
    for line in LINES.read_bytes().splitlines() if LINES.exists() else ():
        with suppress(msgspec.DecodeError):
            result = msgspec.json.decode(line, type=Result)
            found[result.digest] = result
    return found


def complete(tests: Sequence[PublicTest]) -> Iterator[Audited]:
    """Audit what is missing, and yield all tests with their results."""
    done = known()
    LINES.parent.mkdir(exist_ok=True)
    with Progress() as progress, LINES.open("ab") as kept:
        task = progress.add_task("auditing", total=len(tests))
        for test in tests:
            progress.update(task, advance=1, description=f"{test.project} {test.test}"[:60])
            results = []
            for format in test.formats if test.replayed else ():
                found = done.get(digest(test, format))
                if found is None:
                    found = result_of(test, format)
                    kept.write(msgspec.json.encode(found) + b"\n")
                    kept.flush()
                results.append(found)
            yield Audited(test, tuple(results))


def _environment(*, markdown: bool) -> jinja2.Environment:
    found = environment("gradcert_reports.html", finalize=str if markdown else None)
    assert found.loader is not None
    found.loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(HERE), found.loader])
    found.globals |= {"Verdict": Verdict, "most": MOST}
    found.filters |= {
        "change": change,
        "right_bound": right_bound,
        "sizes": sizes,
        "text": in_markdown if markdown else str,
    }
    return found


def pages(tests: Sequence[Audited], made_on: str) -> dict[str, str]:
    """Return the pages by the names of their files; each says when, with what and where."""
    found = {}
    for name, markdown in (("audits.md", True), ("audits.html", False)):
        template = _environment(markdown=markdown).get_template(f"{name}.jinja")
        found[name] = well_formed(template.render(tests=tests, made_on=made_on))
    return found


def main() -> None:
    """Audit what is missing, then write the pages."""
    try:
        tests = list(complete(facts()))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    made = made_on(
        date=today(),
        versions=versions("ml_dtypes"),
        processor=processor(),
        machine=machine(),
    )
    for name, page in pages(tests, made).items():
        (PUBLISHED / name).write_text(page, "utf-8")
        typer.echo(f"wrote {PUBLISHED / name}")


if __name__ == "__main__":
    typer.run(main)
