"""Time the oracle and the suite beside the checks that people use today: ``make bench``.

One run measures everything, in rounds. A round times every subject once on every row. If the
machine is slow for a while, all subjects are slow, and the spread of the rounds shows it. The
figures are published in ``reports/published/benchmarks.md``, and the measurements in
``benchmarks.json`` beside it. The command prints what moved since the run that is committed.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import msgspec
import typer
from comparison import moved
from records import Cell, Memory, Record, WholeRun
from rich.progress import Progress
from suite import BATCH, VERDICT
from suite_tables import ROWS as VERDICT_ROWS
from tables import LINEAR_FROM, page
from timed import ENCLOSED, OURS, PEERS, ROWS, UNDER, VECTOR, WITH_OPTIONS
from whole_runs import RUNS, Whole
from whole_runs import seconds as seconds_of
from workers import LIMIT, SLOW, Job, Sample, samples

from gradcert.engine.provenance import machine, processor, versions
from gradcert_oracle import FORMATS as EVERY_FORMAT
from gradcert_reports.text.made import today

ROOT = Path(__file__).parents[2]
PUBLISHED = Path("reports/published/benchmarks.json")
SIZES = (10, 100, 1000, 10_000, 32_768, 131_072)
FORMATS = ("binary64", "binary32")
BATCH_SIZES = (10, 100, 1000, 10_000)
"""Classes of the rows that are counted by the second."""

ROUNDS = 5
ROUNDS_OF_PEERS = 3
"""Also the rounds of memory, which hardly varies, and of whole runs."""

Seconds = dict[tuple[str, str, int, str], list[float]]


def jobs(done: int, seconds: Seconds, sizes: Sequence[int]) -> Iterator[Job]:
    """Yield the jobs of a round, given the measurements of the rounds before it.

    A peer that took long, or longer than the limit, runs in the first round only.
    """
    for row, format in product(ROWS, FORMATS):
        yield Job("seconds", row, format, tuple(sizes), OURS)
    for format in FORMATS:
        yield Job("seconds", VECTOR, format, tuple(sizes), ("floor", *ENCLOSED))
        yield Job("seconds", WITH_OPTIONS, format, tuple(sizes), tuple(UNDER))
    for row, timed in product(VERDICT_ROWS, VERDICT):
        yield Job("seconds", row, "binary64", tuple(sizes), timed)
    for format in EVERY_FORMAT:
        yield Job("seconds", "batch", format, BATCH_SIZES, ("floor", *BATCH))
    if done >= ROUNDS_OF_PEERS:
        return
    for peer in PEERS:
        first = {n: seconds.get(("benign", "binary64", n, peer), []) for n in sizes}
        short = [n for n in sizes if done == 0 or (first[n] and first[n][0] <= SLOW)]
        yield Job("seconds", "benign", "binary64", tuple(short), (peer,))
    for classes in sizes:
        if classes >= LINEAR_FROM:
            yield Job("bytes", "benign", "binary64", (classes,), ("oracle",))


def bench(
    sizes: Sequence[int],
    rounds: int,
    do: Callable[[Job], list[Sample]],
    run: Callable[[Whole], float],
    progress: Progress,
) -> Record:
    """Do all rounds, and return what they measured."""
    seconds: Seconds = {}
    grown: dict[int, list[int]] = {}
    whole: dict[Whole, list[float]] = {one: [] for one in RUNS}
    task = progress.add_task("measuring", total=rounds)
    for done in range(rounds):
        planned = list(jobs(done, seconds, sizes))
        for job in planned:
            what = f"{', '.join(job.subjects)}: {job.row}, {job.format}"
            progress.update(task, description=f"round {done + 1}, {what}")
            if job.measure == "seconds":
                for classes, subject in product(job.classes, job.subjects):
                    seconds.setdefault((job.row, job.format, classes, subject), [])
            for sample in do(job):
                if job.measure == "seconds":
                    key = job.row, job.format, sample.classes, sample.subject
                    seconds[key].append(sample.value)
                else:
                    grown.setdefault(sample.classes, []).append(int(sample.value))
            progress.advance(task, 1 / len(planned))
        for one in RUNS if done < ROUNDS_OF_PEERS else ():
            progress.update(task, description=f"round {done + 1}, a run on {one.name}")
            whole[one].append(run(one))
    return Record(
        machine=machine(),
        processor=processor(),
        cores=os.cpu_count() or 1,
        versions=versions("torch", "jax", "mpmath", "gmpy2"),
        limit=LIMIT,
        cells=tuple(Cell(*key, tuple(found)) for key, found in seconds.items()),
        memory=tuple(Memory(classes, tuple(found)) for classes, found in grown.items()),
        runs=tuple(WholeRun(one.name, one.limit, tuple(took)) for one, took in whole.items()),
        date=today(),
        command="make bench",
    )


def committed() -> Record | None:
    """Return the record that is committed, if there is one."""
    shown = ["git", "show", f"HEAD:{PUBLISHED.as_posix()}"]
    done = subprocess.run(shown, cwd=ROOT, capture_output=True, check=False)
    return None if done.returncode else msgspec.json.decode(done.stdout, type=Record)


def news(old: Record | None, new: Record) -> Iterator[str]:
    """Yield what the command says about a run, compared with the one that is committed."""
    if old is None:
        yield "no run is committed that this one could be compared with"
        return
    if old.processor != new.processor:
        yield f"the committed run was made on another processor, {old.processor}"
    lines = list(moved(old, new))
    yield from lines or ["nothing moved by more than the noise since the committed run"]


def main() -> None:
    """Measure, write the figures, and say what moved."""
    with Progress() as progress:
        record = bench(SIZES, ROUNDS, samples, seconds_of, progress)
    kept = ROOT / PUBLISHED
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    kept.with_suffix(".md").write_text(page(record))
    typer.echo(f"wrote {kept.with_suffix('.md')}")
    for line in news(committed(), record):
        typer.echo(line)


if __name__ == "__main__":
    typer.run(main)
