"""A search from its first block to its last, or to the one at which it was stopped."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from gradcert.campaign.blocks import Block, drawn_block, exhaustive_blocks
from gradcert.campaign.cluster import results
from gradcert.campaign.counting import Counting
from gradcert.campaign.crew import Crew
from gradcert.campaign.differences import reason_against
from gradcert.campaign.examining import loaded
from gradcert.campaign.journal import Journal, OtherSearch
from gradcert.campaign.summary import of_claims
from gradcert_implementations import domain_in_words, loss_in_words
from gradcert_reports.searches.records import Bound, Search, SearchedBlock

__all__ = ["Campaign", "Standing"]


@dataclass(frozen=True)
class Standing:
    """How far a search is.

    Attributes
    ----------
    rows, seconds
        The rows that were examined, and how long the search has run, in all its runs.
    part
        The part of it that is done, from 0 to 1; None if that is not known.
    worst
        The worst row judged so far, of any claim.
    refuted
        The number of claims that are refuted or broken.
    """

    rows: int
    seconds: float
    part: float | None
    worst: Bound
    refuted: int


class Campaign:
    """A search, with what is done of it.

    Parameters
    ----------
    journal
        The folder, with what the search is about.

    Raises
    ------
    SpecError
        If the subject cannot be loaded.
    OtherSearch
        If the subject has lost a claim that blocks are about.
    """

    def __init__(self, journal: Journal) -> None:
        assert journal.started is not None
        self._journal, self.started = journal, journal.started
        self.request = self.started.request
        self.subject, claims = loaded(self.request)
        every = list(claims.values())
        lost = {line.block.claim for line in journal.lines} - set(claims)
        if lost:
            raise OtherSearch(
                f"{self.request.spec} claims no more {', '.join(sorted(lost))}, which the search "
                f"in {journal.directory} is about"
            )
        self.left_out = {
            str(claim): reason
            for claim in every
            if self.request.exhaustive and (reason := reason_against(claim))
        }
        self.claims = [claim for claim in every if str(claim) not in self.left_out]
        self._exhaustive = exhaustive_blocks(self.claims) if self.request.exhaustive else []
        self._counting = Counting(
            self._block, len(self.claims), self.started.rows, (line.block for line in journal.lines)
        )
        self._began = time.monotonic() - journal.seconds
        self._rows, self._blocks, self._worst = 0, 0, Bound()
        self._refuted: set[str] = set()
        for line in journal.lines:
            self._note(line.block)

    def _note(self, block: SearchedBlock) -> None:
        self._rows, self._blocks = self._rows + block.rows, self._blocks + 1
        if block.worst is not None:
            self._worst = max(self._worst, block.worst.bound)
        if block.found is not None:
            self._refuted.add(block.claim)

    def _block(self, number: int) -> Block | None:
        if not self.request.exhaustive:
            return drawn_block(number, self.claims, self.request.seed)
        return self._exhaustive[number] if number < len(self._exhaustive) else None

    @property
    def seconds(self) -> float:
        """How long the search has run, in all its runs."""
        return time.monotonic() - self._began

    @property
    def _in_time(self) -> bool:
        hours = self.started.hours
        return hours is None or self.seconds < 3600 * hours

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do in the time that there is."""
        return next(self._left(), None) is None

    @property
    def complete(self) -> bool:
        """Whether it did all that was wanted. Without hours that is every block that there is."""
        hours_count = self.started.hours is not None and not self._exhaustive
        return self.ended if hours_count else next(self._counting.left(), None) is None

    def _left(self) -> Iterator[Block]:
        for block in self._counting.left():
            if not self._in_time:
                return
            yield block

    def run(self, crew: Crew, *, uploaded: bool) -> Iterator[Standing]:
        """Examine the blocks that are left, and yield how far the search is.

        The search is written down first, and each block when it is done.

        Raises
        ------
        ClusterError
            If there are no workers any more.
        CannotWriteError
            If the folder cannot be written to.
        """
        self._journal.begin(self.started)
        for block in results(crew, self.started, self._left(), uploaded=uploaded):
            self._journal.add(self.seconds, block)
            self._counting.add(block)
            self._note(block)
            yield self.standing()

    def standing(self) -> Standing:
        """Return how far it is."""
        parts, started = [], self.started
        if started.hours is not None:
            parts.append(self.seconds / (3600 * started.hours))
        if started.rows is not None:
            parts.append(self._rows / started.rows)
        if self._exhaustive:
            parts.append(self._blocks / len(self._exhaustive))
        return Standing(
            self._rows,
            self.seconds,
            min(1.0, max(parts)) if parts else None,
            self._worst,
            len(self._refuted),
        )

    def search(self) -> Search:
        """Return what was found so far."""
        started, subject = self.started, self.subject
        return Search(
            name=subject.name,
            origin=subject.origin,
            claimed=(loss_in_words(subject.loss), domain_in_words(subject.domain)),
            command=started.command,
            seed=self.request.seed,
            versions=started.versions,
            date=started.date,
            seconds=round(self._journal.seconds, 1),
            complete=self.complete,
            claims=of_claims(self.claims, self._counting.counted, self._exhaustive),
            left_out=self.left_out,
        )
