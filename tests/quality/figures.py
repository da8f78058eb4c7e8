"""The figures of ``make quality``: which check catches which flaw, and what is named."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median

import jinja2
import msgspec
from families import FAMILIES, Family, Member

import gradcert
from gradcert.checks import CHECKS
from gradcert_implementations import FLAWED, UNUSUAL, Flaw, load
from gradcert_reports import Verdict

UNNAMED = "-"
"""Stands in place of a name where a diagnosis gives none."""

WRONG_SEEDS = 5
"""The seeds under which a flaw, or a member of a family, is certified."""


class Kill(msgspec.Struct, frozen=True):
    """A check that refutes a subject, or finds it broken, and after how many examples."""

    check: str
    examples: int


class Run(msgspec.Struct, frozen=True):
    """The part of one certificate that is measured.

    Attributes
    ----------
    diagnosed
        The best match of each refuted quantity, or :data:`UNNAMED`.
    rows, classes, quarters
        The shape of the counterexample that is shown first, and whether all its numbers are
        multiples of a quarter.
    """

    code: str
    subject: str
    seed: int
    verdict: str
    level: str
    kills: tuple[Kill, ...]
    diagnosed: tuple[str, ...]
    rows: int
    classes: int
    quarters: bool
    seconds: float


class Subject:
    """The runs of one subject, one for each seed."""

    def __init__(self, name: str, runs: Sequence[Run]) -> None:
        self.name = name
        self.runs = sorted((run for run in runs if run.subject == name), key=lambda run: run.seed)
        known = load(name)
        self.wanted = Verdict(known.verdict) if isinstance(known, Flaw) else Verdict.CONFORMS
        first = known.exposed_by[0] if isinstance(known, Flaw) else ((),)
        self.known_shape = len(first), len(first[0])

    def cell(self, check: str) -> str:
        """Return after how many examples a check catches it, and in how many seeds if not all."""
        found = [kill.examples for run in self.runs for kill in run.kills if kill.check == check]
        if not found:
            return ""
        seeds = "" if len(found) == len(self.runs) else f" ({len(found)})"
        return f"{median(found):.0f}{seeds}"

    @property
    def killers(self) -> set[str]:
        """The checks that catch it under some seed."""
        return {kill.check for run in self.runs for kill in run.kills}

    @property
    def classes(self) -> str:
        """The classes of the counterexamples shown first: the least and the most over the seeds."""
        found = sorted({run.classes for run in self.runs if run.classes})
        return " to ".join(map(str, dict.fromkeys((found[0], found[-1])))) if found else "-"

    @property
    def levels(self) -> str:
        """The levels it reached."""
        return ", ".join(sorted({run.level for run in self.runs if run.level})) or "-"

    @property
    def seconds(self) -> float:
        """The median time of a run."""
        return median(run.seconds for run in self.runs)

    def as_wanted(self, run: Run) -> bool:
        """Whether the verdict is the one that the catalogue gives."""
        return run.verdict == self.wanted

    def named(self, run: Run) -> bool:
        """Whether the diagnosis of every refuted quantity is the flaw itself."""
        return set(run.diagnosed) <= {self.name}

    def small(self, run: Run) -> bool:
        """Whether the counterexample is no larger than the catalogue's own, in quarters."""
        return run.rows * run.classes <= prod(self.known_shape) and run.quarters

    def count(self, holds: Callable[[Run], bool]) -> int:
        """Return the number of seeds for which something holds."""
        return sum(map(holds, self.runs))

    @property
    def faults(self) -> list[str]:
        """What is wrong, run by run."""
        found = []
        for run in self.runs:
            if not self.as_wanted(run):
                found.append(f"seed {run.seed}: {run.verdict}, not {self.wanted}")
            if not self.named(run):
                found.append(f"seed {run.seed}: diagnosed as {', '.join(run.diagnosed)}")
            if not self.small(run):
                found.append(
                    f"seed {run.seed}: a counterexample of {run.rows} x {run.classes}"
                    + ("" if run.quarters else ", not in quarters")
                )
        return found


@dataclass(frozen=True)
class Survivor:
    """A member of a family that is not refuted.

    Attributes
    ----------
    member
        What was drawn.
    verdicts
        Its verdicts under the seeds that do not refute it, by seed.
    """

    member: Member
    verdicts: dict[int, str]


class FamilyFigures:
    """The runs of the members of a family, one for each member and seed."""

    def __init__(self, family: Family, runs: Sequence[Run]) -> None:
        self.family = family
        members = {(one := family.member(number)).name: one for number in range(family.size)}
        self.runs = [run for run in runs if run.subject in members]
        self.refuted = [run for run in self.runs if run.verdict == Verdict.REFUTED]
        left: dict[str, dict[int, str]] = {}
        for run in sorted(self.runs, key=lambda run: run.seed):
            if run.verdict != Verdict.REFUTED:
                left.setdefault(run.subject, {})[run.seed] = run.verdict
        self.survivors = [Survivor(members[name], left[name]) for name in members if name in left]

    @property
    def share(self) -> str:
        """The share of the runs that refute; rounded down, so that only all of them are 100%."""
        part = 1000 * len(self.refuted) // len(self.runs) / 10 if self.runs else 0
        return f"{part:.4g}%"

    @property
    def names(self) -> str:
        """What the refuted gradients are called, the most frequent name first."""
        counted = Counter(name for run in self.refuted for name in run.diagnosed)
        return ", ".join(
            f"{'no name' if name == UNNAMED else name} ({count})"
            for name, count in counted.most_common()
        )

    @property
    def as_wanted(self) -> bool:
        """Whether enough of them are refuted."""
        return len(self.refuted) >= self.family.wanted * len(self.runs)


def figures(runs: Sequence[Run], seeds: int, made_on: str) -> str:
    """Return the figures as Markdown, with when, with what and where they were made."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # nothing in it comes from a subject but ids and verdicts
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["Verdict"] = Verdict
    flaws = [Subject(name, runs) for name in FLAWED]
    unusual = [Subject(name, runs) for name in UNUSUAL]
    checks = [check.id for check in CHECKS]
    return environment.get_template("quality.md.jinja").render(
        seeds=seeds,
        made_on=made_on,
        examples=gradcert.MAX_EXAMPLES,
        checks=checks,
        flaws=flaws,
        families=[FamilyFigures(family, runs) for family in FAMILIES],
        wrong_seeds=min(seeds, WRONG_SEEDS),
        unusual=unusual,
        turned_away=sum(len(one.runs) - one.count(one.as_wanted) for one in unusual),
        alone={check: [flaw.name for flaw in flaws if flaw.killers == {check}] for check in checks},
    )
