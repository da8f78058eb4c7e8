"""Which blocks are next, and which of those that are done count."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from gradcert.campaign.blocks import Block
from gradcert_reports.searches.records import SearchedBlock

__all__ = ["Counting"]


class Counting:
    """The blocks of a search, and those that count.

    It is complete when no block is left that may count.

    Blocks are done in any order. What counts does not depend on it: of a claim that is refuted, the
    blocks up to the first that refutes it; and of a search that ends with a number of rows, the
    blocks up to the first with which there are as many.

    Parameters
    ----------
    block_of
        Returns the block of a number, and None beyond the last one.
    claims
        How many claims there are. If all are refuted, nothing is left.
    rows
        The rows that are wanted; None for all.
    done
        The blocks that are done already.
    """

    def __init__(
        self,
        block_of: Callable[[int], Block | None],
        claims: int,
        rows: float | None = None,
        done: Iterable[SearchedBlock] = (),
    ) -> None:
        self._block_of, self._claims, self._wanted = block_of, claims, rows
        self._done: dict[int, SearchedBlock] = {}
        self._refuting: dict[str, int] = {}
        self._next, self._rows = 0, 0
        self.complete = False
        for block in done:
            self.add(block)

    def _skipped(self, block: Block) -> bool:
        return self._refuting.get(block.claim, block.number) < block.number

    def add(self, block: SearchedBlock) -> None:
        """Add a block that is done."""
        self._done[block.number] = block
        if block.found is not None:
            first = self._refuting.get(block.claim, block.number)
            self._refuting[block.claim] = min(first, block.number)
        while not self.complete:
            coming = self._block_of(self._next)
            enough = self._wanted is not None and self._rows >= self._wanted
            if coming is None or enough or self._all_refuted:
                self.complete = True
            elif not self._skipped(coming):
                if coming.number not in self._done:
                    break
                self._rows += self._done[coming.number].rows
            self._next += not self.complete

    @property
    def _all_refuted(self) -> bool:
        """Whether every claim is refuted by a block before the next one."""
        return sum(number < self._next for number in self._refuting.values()) == self._claims

    def left(self) -> Iterator[Block]:
        """Yield the blocks to do while they may count, in order."""
        for number in count(self._next):
            block = self._block_of(number)
            refuted = len(self._refuting) == self._claims and number > max(self._refuting.values())
            if self.complete or block is None or refuted:
                return
            if number not in self._done and not self._skipped(block):
                yield block

    @property
    def counted(self) -> list[SearchedBlock]:
        """The blocks that count, by number."""
        found = (block for number, block in sorted(self._done.items()))
        return [
            block
            for block in found
            if not (self.complete and block.number >= self._next)
            and self._refuting.get(block.claim, block.number) >= block.number
        ]
