"""The figures of the suite: its verdict on a row beside the peers, its screen, and whole runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from records import Record, Spread, WholeRun
from suite import ONE_IN, TOGETHER, rows_of
from wording import Target, around, duration, ratio_target

__all__ = ["PEERS", "ROWS", "Speed", "SuiteFigures"]

PEERS = ("gradcheck", "gradcheck, fast", "check_grads")
"""The checks that people run in their tests."""


ROWS = ("palette", "distinct")
"""The rows of which the verdict is timed."""


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
        self.peers, self.rows, self.one_in = PEERS, ROWS, ONE_IN
        self.sizes = tuple(
            dict.fromkeys(cell.classes for cell in record.cells if cell.subject == "verdict")
        )

    def _seconds(self, row: str, format: str, classes: int, subject: str) -> tuple[float, ...]:
        cell = self.record.cell(row, format, classes, subject)
        return cell.seconds if cell else ()

    def _verdicts(self, row: str, classes: int, *, together: bool = False) -> tuple[float, ...]:
        """Return the seconds of a verdict, with its part of the judge's, for each round."""
        subject, rows = ("verdict, 16 rows", TOGETHER) if together else ("verdict", 1)
        timed = self._seconds(row, "binary64", classes, subject)
        judged = self._seconds(row, "binary64", classes, "judge")
        return tuple(
            whole / rows + judge / ONE_IN for whole, judge in zip(timed, judged, strict=False)
        )

    def _text(self, seconds: tuple[float, ...]) -> str:
        return duration(Spread.of(seconds).median) if seconds else f"> {self.record.limit} s"

    def verdict(self, row: str, classes: int, *, together: bool = False) -> str:
        """Return the median time of a verdict on a row, alone or as one of 16, as text."""
        return self._text(self._verdicts(row, classes, together=together))

    def peer(self, classes: int, peer: str) -> str:
        """Return the median time of a peer as text."""
        return self._text(self._seconds("benign", "binary64", classes, peer))

    def ahead(self, row: str, classes: int, peer: str) -> Spread | None:
        """Return how many times as long as a verdict the peer takes, if both were measured."""
        peers = self._seconds("benign", "binary64", classes, peer)
        pairs = zip(peers, self._verdicts(row, classes), strict=False)
        found = [its / mine for its, mine in pairs]
        return Spread.of(found) if found else None

    def times(self, row: str, classes: int, peer: str) -> str:
        """Return that as text."""
        found = self.ahead(row, classes, peer)
        return around(found) if found else "-"

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
        few, many = (f"{min(self.sizes):,}", f"{max(self.sizes):,}") if self.sizes else ("-", "-")
        beside = [
            ratio_target(
                f"from {few} to {many} classes the verdict on a row takes less time than {peer}",
                [(f"{n:,} classes", _inverse(self.ahead("palette", n, peer))) for n in self.sizes],
                lambda x: x < 1,
            )
            for peer in PEERS
        ]
        return beside + list(map(_limit, self.record.runs))


def _limit(run: WholeRun) -> Target:
    claim = f"a run on {run.name} takes at most {run.limit:.0f} s on one core"
    if not run.seconds:
        return Target(claim, "-", None)
    spread = Spread.of(run.seconds)
    return Target(claim, f"{around(spread)} s", spread.median <= run.limit)


def _inverse(spread: Spread | None) -> Spread | None:
    return spread and Spread(1 / spread.median, 1 / spread.most, 1 / spread.least)
