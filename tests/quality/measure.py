"""Measure what the suite catches and what it leaves alone: ``make quality``.

Every unusual but right implementation is certified under each seed, and every flaw of the catalogue
and member of the families of drawn flaws under some of them, on all cores. Each run appends
one line to ``reports/published/quality.jsonl``, so that an interrupted measurement continues where
it stopped, on another machine too if the file is committed. Lines of older code are dropped. At the
end the figures are published in ``reports/published/quality.md``.
"""

import ast
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from families import members
from figures import UNNAMED, WRONG_SEEDS, Kill, Run, figures
from rich.progress import Progress

import gradcert
from gradcert.engine.provenance import machine, processor, versions
from gradcert_implementations import FLAWED, UNUSUAL
from gradcert_reports import Certificate, Discrepancy, Verdict
from gradcert_reports.model.rows import texts
from gradcert_reports.text.made import made_on, today

ROOT = Path(__file__).parents[2]
CODE = (
    "oracle/gradcert_oracle/**/*.py",
    "implementations/gradcert_implementations/*.py",
    "implementations/gradcert_implementations/interface/*.py",
    "implementations/gradcert_implementations/flawed/*.py",
    "implementations/gradcert_implementations/unusual/*.py",
    *(
        f"tests/gradcert/{room}/**/*.py"
        for room in ("core", "generation", "checks", "diagnosis", "engine")
    ),
    "tests/gradcert/__init__.py",
    "tests/gradcert/api.py",
    "tests/quality/families/*.py",
    "reports/gradcert_reports/model/*.py",
)
"""All code that decides verdicts, by room, so that no module is forgotten."""

LIBRARIES = ("hypothesis", "ml_dtypes", "numpy", "python-flint", "scipy")
"""The libraries whose versions decide which cases are drawn, and what is computed."""

PUBLISHED = ROOT / "reports" / "published" / "quality.md"
LINES = PUBLISHED.with_suffix(".jsonl")

DRAWN = {member.name: member for member in members()}
"""The members of all families by the names of their subjects."""


def code() -> str:
    """Return a digest of all that decides verdicts: code without documentation, and versions."""
    digest = hashlib.sha256(repr([(name, version(name)) for name in LIBRARIES]).encode())
    for file in sorted(file for pattern in CODE for file in ROOT.glob(pattern)):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str())):
                    node.value = ast.Constant(value=None)
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def _numbers(found: Discrepancy) -> Iterable[float]:
    for rows in found.arguments.values():
        for row in rows:
            yield from map(float, texts(row))


def run_of(certificate: Certificate, digest: str) -> Run:
    """Return the measured part of a certificate."""
    kills: dict[str, int] = {}
    for result in certificate.results:
        if result.verdict in (Verdict.REFUTED, Verdict.BROKEN):
            kills[result.check] = min(result.examples, kills.get(result.check, result.examples))
    smallest = certificate.refutations[0].discrepancy if certificate.refutations else None
    return Run(
        code=digest,
        subject=certificate.name,
        seed=certificate.provenance.seed,
        verdict=certificate.verdict,
        level=certificate.level,
        kills=tuple(Kill(check, examples) for check, examples in kills.items()),
        diagnosed=tuple(
            found.matches[0].flaw if found.matches else UNNAMED for found in certificate.diagnoses
        ),
        rows=smallest.rows if smallest else 0,
        classes=smallest.classes if smallest else 0,
        # The remainder of -inf and NaN is NaN, which is not above zero.
        quarters=smallest is None or not any(4 * x % 1 > 0 for x in _numbers(smallest)),
        seconds=certificate.provenance.duration,
    )


def measure(subject: str, seed: int, digest: str) -> Run:
    """Certify a built-in or a drawn flaw under one seed, in a standard run."""
    implementation = DRAWN[subject].subject if subject in DRAWN else subject
    return run_of(gradcert.certify(implementation, seed=seed), digest)


def complete(seeds: int, jobs: int) -> list[Run]:
    """Do the runs that are missing, and return all."""
    digest = code()
    lines = LINES.read_bytes().splitlines() if LINES.exists() else []
    runs = [run for line in lines if (run := msgspec.json.decode(line, type=Run)).code == digest]
    done = {(run.subject, run.seed) for run in runs}
    wrong = *FLAWED, *DRAWN
    missing = [
        (subject, seed)
        for seed in range(seeds)
        for subject in (*UNUSUAL, *(wrong if seed < WRONG_SEEDS else ()))
        if (subject, seed) not in done
    ]
    LINES.write_bytes(b"".join(msgspec.json.encode(run) + b"\n" for run in runs))
    with (
        Progress() as progress,
        LINES.open("ab") as kept,
        ProcessPoolExecutor(max_workers=jobs) as pool,
    ):
        task = progress.add_task("certifying", total=len(missing))
        pending = [pool.submit(measure, *run, digest) for run in missing]
        try:
            for future in as_completed(pending):
                run = future.result()
                kept.write(msgspec.json.encode(run) + b"\n")
                kept.flush()
                runs.append(run)
                progress.update(task, advance=1, description=f"{run.subject} {run.seed}")
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        finally:  # A run that raises ends the others too, and does not wait for all of them.
            pool.shutdown(cancel_futures=True)
    return [run for run in runs if run.seed < seeds]


def main(
    seeds: Annotated[int, typer.Option(min=1)] = 20,
    jobs: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
    output: Annotated[Path, typer.Option()] = PUBLISHED,
) -> None:
    """Run what is missing, then write the figures."""
    runs = complete(seeds, jobs)
    output.parent.mkdir(exist_ok=True)
    found = versions(*LIBRARIES)
    made = made_on(date=today(), versions=found, processor=processor(), machine=machine())
    output.write_text(figures(runs, seeds, made))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
