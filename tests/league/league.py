"""Certify the losses of real libraries, each in an environment of its own: ``make league``.

The environment of a library is in ``.league/``, with its certificates. An interrupted league
continues where it stopped: an environment that is installed is used again, and so is a certificate
that is complete and newer than gradcert's code. If a library cannot be installed, its row says so.
At the end all certificates are merged and published in ``reports/published``.
"""

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Annotated

import jinja2
import msgspec
import typer
from beyond import LOGITS, TARGETS, Beyond, formula
from rich.progress import Progress

from gradcert_implementations import LIBRARIES
from gradcert_reports import Certificate, Report, Verdict, html, read
from gradcert_reports.text.phrases import diagnosis, lower_bound, reach, where
from gradcert_reports.text.rows import arguments

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".league"
PUBLISHED = ROOT / "reports" / "published"
FINDINGS = Path(__file__).parent / "findings"
CODE = ("oracle", "implementations", "tests/gradcert")

_LONGEST = 120
"""Characters that are quoted of a library that does not run."""


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
    """

    library: str
    failure: str = ""
    certificate: Certificate | None = None
    any_targets: Certificate | None = None
    beyond: Beyond | None = None


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that a command printed, short enough for a cell of a table."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    said = lines[-1].replace("|", "/") if lines else f"exit status {done.returncode}"
    return shorten(said, _LONGEST, placeholder=" ...")


def _run(command: list[str | Path]) -> "subprocess.CompletedProcess[str]":
    # One thread each, because several run side by side.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def _installed(library: str, constraints: Path) -> str:
    """Install a library's extra into its environment; return why it failed, or nothing."""
    home = HOME / library
    installed = home / "installed"
    if installed.exists() and installed.stat().st_mtime > (ROOT / "pyproject.toml").stat().st_mtime:
        return ""
    made = _run([sys.executable, "-m", "venv", home])
    if made.returncode:
        return last_line(made)
    wanted = ["--editable", f"{ROOT}[{library}]", "--constraint", constraints]
    done = _run([home / "bin" / "pip", "install", "--quiet", *wanted])
    if done.returncode:
        return last_line(done)
    installed.touch()
    return ""


def _certified(library: str, report: Path, *options: str, newest: float) -> Certificate | str:
    """Return the certificate in the folder, made again if it is missing, incomplete or too old."""
    kept = report / "certificate.json"
    if not (kept.exists() and kept.stat().st_mtime > newest and read(kept).complete):
        gradcert = HOME / library / "bin" / "gradcert"
        isolated = ["--isolate", "--time-limit", "300", "--memory-limit", "8"]
        done = _run([gradcert, "certify", library, *isolated, *options, "--report", report])
        if done.returncode not in (0, 1) or not (kept.exists() and read(kept).complete):
            return last_line(done)
    return read(kept).certificates[0]


def _beyond(library: str) -> Beyond | None:
    done = _run([HOME / library / "bin" / "python", Path(__file__).with_name("beyond.py"), library])
    return None if done.returncode else msgspec.json.decode(done.stdout, type=Beyond)


def row_of(library: str, *, constraints: Path, newest: float) -> Row:
    """Install a library, certify it, and return its row."""
    failure = _installed(library, constraints)
    if failure:
        return Row(library, failure=f"does not install: {failure}")
    found = _certified(library, HOME / library / "report", newest=newest)
    if isinstance(found, str):
        return Row(library, failure=f"does not run: {found}")
    if found.domain["targets"] == "index" or "dE/dz" not in found.quantities:
        return Row(library, certificate=found)
    options = ("--targets", "any", "--quantity", "dE/dz")
    beyond = _certified(library, HOME / library / "any", *options, newest=newest)
    return Row(
        library,
        certificate=found,
        any_targets=None if isinstance(beyond, str) else beyond,
        beyond=_beyond(library),
    )


@dataclass(frozen=True)
class Finding:
    """A surprising result, reproduced without gradcert by a script in ``findings/LIBRARY/``."""

    library: str
    version: str
    python: str
    title: str
    text: str
    code: str
    output: str
    failed: bool


def finding_of(script: Path, certificate: Certificate) -> Finding:
    """Run a script in its library's environment, and return its text and what it prints."""
    source = script.read_text()
    title, _, text = (ast.get_docstring(ast.parse(source)) or "").partition("\n")
    library, versions = script.parent.name, certificate.provenance.versions
    done = _run([HOME / library / "bin" / "python", script])
    return Finding(
        library=library,
        version=versions.get(certificate.provenance.library, ""),
        python=versions["python"],
        title=title.removesuffix("."),
        text=text.strip(),
        code=source.split('"""', maxsplit=2)[2].strip(),
        output=done.stdout.strip() if not done.returncode else last_line(done),
        failed=bool(done.returncode),
    )


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
    with Progress() as progress, ThreadPoolExecutor(max_workers=jobs) as pool:
        task = progress.add_task("certifying", total=len(only or LIBRARIES))

        def work(library: str) -> Row:
            row = row_of(library, constraints=constraints, newest=newest)
            progress.update(task, advance=1, description=library)
            return row

        rows = list(pool.map(work, only or LIBRARIES))
    certificates = [row.certificate for row in rows if row.certificate]
    found = {row.library: row.certificate for row in rows if row.certificate}
    findings = [
        finding_of(script, found[script.parent.name])
        for script in sorted(FINDINGS.glob("*/*.py"))
        if script.parent.name in found
    ]
    (to / "findings.md").write_text(render("findings.md.jinja", findings=findings))
    (to / "league.md").write_text(render("league.md.jinja", rows=rows))
    (to / "league.html").write_text(html(Report(certificates=tuple(certificates))))
    typer.echo(f"wrote league.md, league.html and findings.md in {to}")
    failed = [f"{finding.library}: {finding.title}" for finding in findings if finding.failed]
    if failed:
        typer.echo(f"these findings do not run: {'; '.join(failed)}", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
