"""The figures of the suite: its verdict on a row beside the peers, its screen, and whole runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from records import Record, Spread, WholeRun
from suite import ONE_IN, TOGETHER, rows_of
from wording import Target, around, duration, ratio_target

__all__ = ["FORMS", "PEERS", "ROWS", "Form", "Speed", "SuiteFigures"]

PEERS = ("gradcheck", "gradcheck, fast", "check_grads")
"""The checks that people run in their tests."""


ROWS = ("palette", "distinct")
"""The rows of which the verdict is timed."""


@dataclass(frozen=True)
class Form:
    """A verdict on a row: of which row, and whether its part of the judge's time is added."""

    title: str
    row: str
    averaged: bool


FORMS = (
    Form("palette", "palette", False),
    Form("palette, on average", "palette", True),
    Form("distinct", "distinct", False),
    Form("distinct, on average", "distinct", True),
)


@dataclass(frozen=True)
class Speed:
    """Rows that the suite decides in a second, without the screen and with it."""

    format: str
    classes: int
    judged: Spread
    screened: Spread
    gained: Spread


class SuiteFigures:
    """The content of the tables about the suite."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.peers, self.forms, self.rows, self.one_in = PEERS, FORMS, ROWS, ONE_IN
        self.sizes = tuple(
            dict.fromkeys(cell.classes for cell in record.cells if cell.subject == "verdict")
        )

    def _seconds(self, row: str, format: str, classes: int, subject: str) -> tuple[float, ...]:
        cell = self.record.cell(row, format, classes, subject)
        return cell.seconds if cell else ()

    def _verdicts(self, form: Form, classes: int) -> tuple[float, ...]:
        """Return the seconds of a verdict, for each round."""
        timed = self._seconds(form.row, "binary64", classes, "verdict")
        judged = self._seconds(form.row, "binary64", classes, "judge")
        if not form.averaged:
            return timed
        return tuple(whole + judge / ONE_IN for whole, judge in zip(timed, judged, strict=False))

    def _text(self, seconds: Sequence[float]) -> str:
        return duration(Spread.of(seconds).median) if seconds else f"> {self.record.limit} s"

    def verdict(self, form: Form, classes: int) -> str:
        """Return the median time of a verdict on a row, as text."""
        return self._text(self._verdicts(form, classes))

    def together(self, row: str, classes: int) -> str:
        """Return the median time of a verdict on a batch, divided by its rows, as text."""
        batch = self._seconds(row, "binary64", classes, "verdict, 16 rows")
        return self._text([seconds / TOGETHER for seconds in batch])

    def peer(self, classes: int, peer: str) -> str:
        """Return the median time of a peer as text."""
        return self._text(self._seconds("benign", "binary64", classes, peer))

    def _beside(self, form: Form, classes: int, peer: str) -> list[tuple[float, float]]:
        """Return the seconds of a verdict and those of a peer, for each round that has both."""
        peers = self._seconds("benign", "binary64", classes, peer)
        return list(zip(self._verdicts(form, classes), peers, strict=False))

    def times(self, form: Form, classes: int, peer: str) -> str:
        """Return how many times as long as a verdict the peer takes, as text."""
        found = [its / ours for ours, its in self._beside(form, classes, peer)]
        return around(Spread.of(found)) if found else "-"

    def _ahead(self, form: Form, peer: str, claim: str) -> Target:
        """Judge whether a verdict takes less time than a peer, at each width."""
        found = []
        for classes in self.sizes:
            ratios = [ours / its for ours, its in self._beside(form, classes, peer)]
            found.append((f"{classes:,} classes", Spread.of(ratios) if ratios else None))
        few, many = (f"{min(self.sizes):,}", f"{max(self.sizes):,}") if self.sizes else ("-", "-")
        return ratio_target(f"{claim} than {peer}, from {few} to {many} classes", found, _less)

    @property
    def speeds(self) -> Iterator[Speed]:
        """Yield the rows a second, for each format and width."""
        for cell in self.record.cells:
            if cell.subject != "judged" or not cell.seconds:
                continue
            rows = rows_of(cell.classes)
            screened = self._seconds(cell.row, cell.format, cell.classes, "screened")
            pairs = list(zip(cell.seconds, screened, strict=False))
            without = [rows / judged for judged, _ in pairs]
            beside = [rows / (screen + judged / ONE_IN) for judged, screen in pairs]
            gained = [more / few for few, more in zip(without, beside, strict=True)]
            yield Speed(cell.format, cell.classes, *map(Spread.of, (without, beside, gained)))

    @property
    def runs(self) -> Iterator[tuple[WholeRun, Spread, Spread]]:
        """Yield the whole runs, their seconds, and these divided by those of the first run."""
        for run in self.record.runs:
            if run.seconds:
                pairs = zip(run.seconds, self.record.runs[0].seconds, strict=True)
                ratios = [its / first for its, first in pairs]
                yield run, Spread.of(run.seconds), Spread.of(ratios)

    @property
    def targets(self) -> list[Target]:
        """The targets, each with what was measured."""
        alone, averaged, *_ = FORMS
        return [
            *(self._ahead(alone, peer, "the verdict on a row takes less time") for peer in PEERS),
            *(self._ahead(averaged, peer, "on average, too, it takes less time") for peer in PEERS),
            *map(_limit, self.record.runs),
        ]


def _less(ratio: float) -> bool:
    return ratio < 1


def _limit(run: WholeRun) -> Target:
    claim = f"a run on {run.name} takes at most {run.limit:.0f} s on one core"
    if not run.seconds:
        return Target(claim, "-", None)
    spread = Spread.of(run.seconds)
    return Target(claim, f"{around(spread)} s", spread.median <= run.limit)
