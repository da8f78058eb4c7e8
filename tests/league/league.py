"""Certify the losses of real libraries, each in an environment of its own: ``make league``.

Each library is certified for its plain loss, and once more for each of the claims with options in
``library_claims.py``; one of another language through its program in ``programs/``. Each has a
folder in ``.league/``, with its environment and its certificates. An interrupted league continues
where it stopped: what is installed is used again, and so is a certificate that is complete and
newer than gradcert's code. If a library cannot be installed, its row says so. At the end all
certificates are published in ``reports/published``.
"""

import ast
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import jinja2
import msgspec
import typer
from beyond import LOGITS, TARGETS, Beyond, formula
from commands import ROOT, last_line, run
from installing import Place, place_of, programs
from library_claims import CLAIMS, Claim
from rich.progress import Progress

from gradcert_implementations import LIBRARIES
from gradcert_reports import Certificate, Report, Verdict, html, read
from gradcert_reports.text.phrases import diagnosis, lower_bound, reach, where
from gradcert_reports.text.rows import arguments

HOME = ROOT / ".league"
PUBLISHED = ROOT / "reports" / "published"
FINDINGS = Path(__file__).parent / "findings"
CODE = ("oracle", "implementations", "tests/gradcert")

LANGUAGES = {".py": "python", ".mjs": "javascript"}
"""The language of a script, by the end of its name."""


@dataclass(frozen=True)
class Claimed:
    """The result of a claim with options.

    Attributes
    ----------
    claim
        What was claimed.
    certificate
        Its certificate; None if there is none.
    failure
        Why there is none.
    """

    claim: Claim
    certificate: Certificate | None = None
    failure: str = ""


@dataclass(frozen=True)
class Row:
    """The results of one library.

    Attributes
    ----------
    library
        Its id.
    failure
        Why there is no certificate; empty if there is one.
    certificate, any_targets
        The certificate on the targets that the library is for, and the one of dE/dz on targets with
        any sum: None if the library takes class indices.
    beyond
        What it returns for one row of targets that do not sum to one.
    claimed
        What came of its claims with options.
    """

    library: str
    failure: str = ""
    certificate: Certificate | None = None
    any_targets: Certificate | None = None
    beyond: Beyond | None = None
    claimed: tuple[Claimed, ...] = ()

    @property
    def certificates(self) -> list[Certificate]:
        """The certificates of its plain loss and of its options."""
        found = [self.certificate, *(one.certificate for one in self.claimed)]
        return [certificate for certificate in found if certificate]


def _place(library: str) -> Place:
    return place_of(library, HOME / library)


def _certified(library: str, report: Path, *options: str, newest: float) -> Certificate | str:
    """Return the certificate in the folder, made again if it is missing, incomplete or too old."""
    place, kept = _place(library), report / "certificate.json"
    if not (kept.exists() and kept.stat().st_mtime > newest and read(kept).complete):
        gradcert = place.python.with_name("gradcert")
        isolated = ["--isolate", "--time-limit", "300", "--memory-limit", "8"]
        claims = [*place.options(options), *options]
        kept_in = os.path.relpath(report, ROOT)  # The certificate quotes the command.
        done = run([gradcert, "certify", place.spec, *isolated, *claims, "--report", kept_in])
        if done.returncode not in (0, 1) or not (kept.exists() and read(kept).complete):
            return last_line(done)
    return place.signed(read(kept).certificates[0])


def _beyond(library: str) -> Beyond | None:
    place, script = _place(library), Path(__file__).with_name("beyond.py")
    done = run([place.python, script, place.spec, *place.formats])
    return None if done.returncode else msgspec.json.decode(done.stdout, type=Beyond)


def _with_options(library: str, *, newest: float) -> Iterator[Claimed]:
    """Certify a library for each of its claims with options."""
    for claim in CLAIMS.get(library, ()):
        folder = HOME / library / "claims" / claim.name
        found = _certified(library, folder, *claim.options, newest=newest)
        if isinstance(found, str):
            yield Claimed(claim, failure=f"does not run: {found}")
        else:
            yield Claimed(claim, certificate=found)


def row_of(library: str, *, constraints: Path, newest: float) -> Row:
    """Install a library, certify it, and return its row."""
    place = _place(library)
    failure, newest = place.install(constraints), max(newest, place.changed)
    if failure:
        return Row(library, failure=f"does not install: {failure}")
    found = _certified(library, HOME / library / "report", newest=newest)
    if isinstance(found, str):
        return Row(library, failure=f"does not run: {found}")
    claimed = tuple(_with_options(library, newest=newest))
    if found.domain["targets"] == "index" or "dE/dz" not in found.quantities:
        return Row(library, certificate=found, claimed=claimed)
    options = ("--targets", "any", "--quantity", "dE/dz")
    beyond = _certified(library, HOME / library / "any", *options, newest=newest)
    return Row(
        library,
        certificate=found,
        any_targets=None if isinstance(beyond, str) else beyond,
        beyond=_beyond(library),
        claimed=claimed,
    )


@dataclass(frozen=True)
class Finding:
    """A surprising result, reproduced without gradcert by a script in ``findings/LIBRARY/``."""

    library: str
    version: str
    language: str
    runtime: str
    title: str
    text: str
    code: str
    output: str
    failed: bool


def parts_of(script: Path) -> tuple[str, str]:
    """Return the text above the code of a script, and the code."""
    source = script.read_text()
    if script.suffix == ".py":
        text = ast.get_docstring(ast.parse(source)) or ""
        return text, source.split('"""', maxsplit=2)[2].strip()
    comment, _, code = source.partition("\n\n")
    lines = (line.removeprefix("//").strip() for line in comment.splitlines())
    return "\n".join(lines), code.strip()


def finding_of(script: Path, certificate: Certificate) -> Finding:
    """Run a script where its library is installed, and return its text and what it prints."""
    place, origin = _place(script.parent.name), certificate.provenance
    text, code = parts_of(script)
    title, _, text = text.partition("\n")
    done = place.script(script)
    return Finding(
        library=place.library,
        version=origin.versions.get(origin.library, ""),
        language=LANGUAGES[script.suffix],
        runtime=place.runtime,
        title=title.removesuffix("."),
        text=text.strip(),
        code=code,
        output=done.stdout.strip() if not done.returncode else last_line(done),
        failed=bool(done.returncode),
    )


def upstream(certificate: Certificate) -> str:
    """Return under which upstream gradients dE/dz was certified."""
    ones = any(phrase.startswith("upstream gradient") for phrase in certificate.not_claimed)
    return "ones" if ones else "any"


def render(template: str, **values: object) -> str:
    """Return a page of the league as Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # This is Markdown.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["Verdict"] = Verdict
    environment.filters |= {
        "where": where,
        "lower_bound": lower_bound,
        "arguments": arguments,
        "diagnosis": diagnosis,
        "reach": reach,
        "formula": formula,
        "upstream": upstream,
        "decimals": lambda values: ", ".join(f"{value:.3f}" for value in values),
    }
    return environment.get_template(template).render(**values, logits=LOGITS, targets=TARGETS)


def main(
    only: Annotated[list[str] | None, typer.Argument(metavar="[LIBRARY]...")] = None,
    jobs: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")] = PUBLISHED,
) -> None:
    """Do what is missing, then write the league of all libraries, or of those that are named."""
    if only and to == PUBLISHED:
        raise typer.BadParameter(
            "the published league has all libraries; write this one elsewhere, with --to DIR"
        )
    to.mkdir(parents=True, exist_ok=True)
    HOME.mkdir(exist_ok=True)
    constraints = HOME / "constraints.txt"
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    # A library that needs torch would otherwise install its newest build, of several gigabytes.
    constraints.write_text("\n".join(line for line in pinned if line.startswith("torch==")) + "\n")
    files = [file for folder in CODE for file in (ROOT / folder).rglob("*.py")]
    newest = max(file.stat().st_mtime for file in files)
    wanted = only or sorted([*LIBRARIES, *programs()])
    with Progress() as progress, ThreadPoolExecutor(max_workers=jobs) as pool:
        task = progress.add_task("certifying", total=len(wanted))

        def work(library: str) -> Row:
            row = row_of(library, constraints=constraints, newest=newest)
            progress.update(task, advance=1, description=library)
            return row

        rows = list(pool.map(work, wanted))
    plain = [row.certificate for row in rows if row.certificate]
    claimed = [one.certificate for row in rows for one in row.claimed if one.certificate]
    found = {row.library: row.certificate for row in rows if row.certificate}
    findings = [
        finding_of(script, found[script.parent.name])
        for script in sorted(FINDINGS.glob("*/*.*"))
        if script.suffix in LANGUAGES and script.parent.name in found
    ]
    today = datetime.now(UTC).date()
    (to / "findings.md").write_text(render("findings.md.jinja", findings=findings, today=today))
    (to / "league.md").write_text(render("league.md.jinja", rows=rows))
    # Two pages, because a reader scrolls through no more than twenty screens.
    for name, certificates in (("league.html", plain), ("league_options.html", claimed)):
        (to / name).write_text(html(Report(certificates=tuple(certificates))))
    typer.echo(f"wrote league.md, league.html, league_options.html and findings.md in {to}")
    failed = [f"{finding.library}: {finding.title}" for finding in findings if finding.failed]
    if failed:
        typer.echo(f"these findings do not run: {'; '.join(failed)}", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
