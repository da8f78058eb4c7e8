"""The records of a long search: its blocks, and what they found together."""

from typing import Literal

import msgspec

from gradcert_reports.model.records import Diagnosis
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.rows import Row

__all__ = [
    "Bound",
    "ClaimSearch",
    "Found",
    "JudgedRow",
    "Point",
    "RegimeSearch",
    "Search",
    "SearchedBlock",
]


class Bound(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, order=True):
    """How bad a row is: the place of its level among those of the format, and the budgets used.

    Examples
    --------
    >>> Bound(1, 0.5) < Bound(1, 0.75) < Bound(2, 0.25)
    True
    """

    rank: int = 0
    budgets: float = 0.0


class JudgedRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row that the oracle judged, the worst that was judged of its kind.

    Attributes
    ----------
    bound
        How bad it is.
    level
        The level that explains it.
    regime
        What kind of row it is.
    arguments
        Its numbers, with its upstream gradient where there is one; none for one value of a batch.
    returned
        The values that were returned for it as a batch of its own; empty where its rows share a sum
        or a divisor.
    """

    bound: Bound
    level: str
    regime: str
    arguments: dict[str, Row]
    returned: Row


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What refutes a claim, or breaks it: the smallest case that was found, and a diagnosis."""

    result: CheckResult
    diagnosis: Diagnosis | None = None


class SearchedBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found in a block, one line of ``blocks.jsonl``.

    Attributes
    ----------
    number
        The number of the block.
    claim, part
        What was searched: a claim, and a part of the plan or a range of numbers.
    rows
        The unlike rows that were examined.
    seconds
        How long that took on one core.
    worst
        The worst row that the oracle judged; None if it judged none.
    bound
        No row of the block is worse than this. It is a little larger than that of the worst row
        judged, and more so where the screen accepted rows that nobody judged.
    found
        What refutes or breaks the claim.
    """

    number: int
    claim: str
    part: str
    rows: int
    seconds: float
    worst: JudgedRow | None = None
    bound: Bound = Bound()
    found: Found | None = None


class RegimeSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was searched of one part, and how bad its rows are."""

    part: str
    blocks: int
    rows: int
    seconds: float
    worst: Bound
    bound: Bound


class Point(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A point of the curve: the worst row judged among the first so many rows of a claim."""

    rows: int
    worst: Bound


class ClaimSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a search found out about one claim.

    Attributes
    ----------
    claim
        The quantity and the format, as in ``dE/dz-binary32``.
    parts
        What was searched of it.
    worst
        The worst row judged: a lower bound of the worst row that there is.
    bound
        No row that was examined is worse.
    curve
        The worst row judged, each time that it changed.
    levels
        The levels of the format, from the best to the worst.
    exhaustive
        What was tried without exception, in words; empty if nothing was, or not all of it.
    found
        What refutes or breaks it.
    """

    claim: str
    parts: tuple[RegimeSearch, ...]
    worst: JudgedRow | None
    bound: Bound
    curve: tuple[Point, ...]
    levels: tuple[str, ...]
    exhaustive: str = ""
    found: Found | None = None

    @property
    def rows(self) -> int:
        """The rows that were examined."""
        return sum(part.rows for part in self.parts)

    @property
    def seconds(self) -> float:
        """How long that took, on one core."""
        return sum(part.seconds for part in self.parts)


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a search found, ``search.json``.

    Attributes
    ----------
    schema
        The version of this record.
    name, origin
        What was searched.
    claimed
        The loss and the domain, in words.
    command
        The command that began it.
    seed
        What its rows are drawn from.
    versions
        The versions of gradcert, of the libraries that decide and of that of the subject.
    date
        When it began.
    seconds
        How long it has run, in all its runs together.
    complete
        Whether it did all that was wanted.
    claims
        What was found out about each claim.
    left_out
        The claims that were not searched, with the reason.
    """

    schema: Literal["gradcert-search/1"] = "gradcert-search/1"
    name: str
    origin: str
    claimed: tuple[str, ...]
    command: str
    seed: int
    versions: dict[str, str]
    date: str
    seconds: float
    complete: bool
    claims: tuple[ClaimSearch, ...]
    left_out: dict[str, str] = {}

    @property
    def rows(self) -> int:
        """The rows that were examined."""
        return sum(claim.rows for claim in self.claims)

    @property
    def found(self) -> tuple[Found, ...]:
        """What refutes or breaks claims."""
        return tuple(claim.found for claim in self.claims if claim.found is not None)
