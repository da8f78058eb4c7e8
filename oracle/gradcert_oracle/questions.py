"""Questions to the oracle, and what the oracle needs of a quantity to answer them."""

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf, prod

from flint import arb

from gradcert_oracle.formats import Format
from gradcert_oracle.losses import PLAIN_SHARE, TEXTBOOK_LOSS, Loss, Share
from gradcert_oracle.precision import GUARD, Enclosures
from gradcert_oracle.rows import Row, first_places, lookup
from gradcert_oracle.screens import Screen
from gradcert_oracle.textbook import Arithmetic, Values

__all__ = ["Quantity", "Question", "enclose"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A quantity that an implementation may compute. Each has a file of its own in ``quantities/``.

    Attributes
    ----------
    name
        Its name, one for each output that it belongs to: ``softmax``, ``loss``, ``dE/dz``, ...
    arguments
        The names of its arguments, in the order of the call.
    enclose
        Encloses the values of one row, each narrower than ``2**-guard`` ulp.
    textbook
        Computes the values at some places of a row, as a textbook algorithm of the given level
        computes them with the given arithmetic. A quantity that is not `pooled` is computed whole.
    scale
        The typical magnitude of a row's values; see :func:`~gradcert_oracle.budgets.scale`.
    shape
        Maps the numbers of rows and classes to the shape of a right answer.
    scale_at_least
        A lower bound of the scale that is much cheaper, or -inf if there is none.
    output
        The output of the loss it belongs to.
    pooled
        Whether there is one value for each class, and classes with equal arguments have equal
        values, so that they need to be computed and judged only once.
    masked
        Whether a logit may be -inf where its target is zero.
    masked_v
        Whether v may be any number where a logit is -inf. If not, it is zero there.
    unbounded
        Whether a true value may exceed the largest number of the format. If so, gradcert judges
        no value that exceeds it, and none whose terms do.
    shift_invariant
        Whether adding one number to all logits changes nothing.
    needs_target
        Whether a value depends on its class's own argument only if the class has a target.
    options
        Whether it answers for a loss with options.
    shares
        Whether it answers for any share of a row.
    upstream
        Whether an upstream gradient multiplies its values.
    reduces
        Whether it is one value for a batch, the sum of the values of the question's parts.
    screen
        What accepts whole batches of rows without a ball; None if only the judge can.
    """

    name: str
    arguments: tuple[str, ...]
    enclose: "Callable[[Question, int], Enclosures]"
    textbook: "Callable[[Question, Sequence[int], str, Arithmetic], Values]"
    scale: "Callable[[Question], float]"
    shape: Callable[[int, int], tuple[int, ...]] = lambda rows, classes: (rows, classes)
    scale_at_least: "Callable[[Question], float]" = lambda _: -inf
    output: str = "softmax"
    pooled: bool = True
    masked: bool = True
    masked_v: bool = False
    unbounded: bool = False
    shift_invariant: bool = True
    needs_target: bool = False
    options: bool = False
    shares: bool = False
    upstream: bool = False
    reduces: bool = False
    screen: Screen | None = None


@dataclass(frozen=True)
class Question:
    """One row of a quantity in a format, whose true value and error budgets the oracle computes.

    Attributes
    ----------
    quantity
        The quantity.
    rows
        One row for each of its arguments; none where the parts have them.
    format
        The format that an implementation's values are in.
    loss
        The options of the loss.
    share
        What the row counts in the loss of a batch.
    parts
        The questions of the rows, for a quantity that has one value for a batch.

    Raises
    ------
    ValueError
        If the number of rows is not that of the arguments, the quantity belongs to another loss or
        does not answer for its options, or the weights are not one for each class.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, GRADIENT
    >>> asked = Question(GRADIENT, ((0.0, 1.0), (1.0, 0.0)), BINARY64)
    >>> asked["targets"], asked["probabilities"]
    ((1.0, 0.0), ())
    >>> str(asked)
    'dE/dz of (0.0, 1.0), (1.0, 0.0)'
    """

    quantity: Quantity
    rows: tuple[Row, ...]
    format: Format
    loss: Loss = TEXTBOOK_LOSS
    share: Share = PLAIN_SHARE
    parts: "tuple[Question, ...]" = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = () if self.quantity.reduces else self.quantity.arguments
        if len(self.rows) != len(expected):
            raise ValueError(
                f"{self.quantity.name} takes {' and '.join(expected) or 'parts'}, "
                f"not {len(self.rows)} rows"
            )
        if self.loss.output != self.quantity.output:
            raise ValueError(
                f"{self._about} does not belong to a loss of output {self.loss.output}"
            )
        if not self.is_plain or self.parts or self.quantity.reduces:
            self._check_options()
        # Several caches need the hash, and a row may have thousands of numbers: compute it once.
        options = () if self.is_plain and not self.parts else (self.loss, self.share, self.parts)
        known = hash((self.quantity, self.rows, self.format, options))
        object.__setattr__(self, "_hash", known)

    def _check_options(self) -> None:
        if not self.quantity.options:
            rest = replace(self.loss, multiplier=1.0) if self.quantity.shares else self.loss
            if not rest.is_plain:
                raise ValueError(f"{self._about} answers for a loss without options only")
        if self.share != PLAIN_SHARE and not self.quantity.shares:
            raise ValueError(
                f"{self._about} answers for a row by itself only, not for {self.share}"
            )
        if self.quantity.reduces != bool(self.parts):
            needs = "at least one part" if self.quantity.reduces else "no parts"
            raise ValueError(f"{self.quantity.name} needs {needs}, not {len(self.parts)}")
        alike = self.quantity.name, self.format, self.loss, ()
        if any((one.quantity.name, one.format, one.loss, one.parts) != alike for one in self.parts):
            raise ValueError(
                f"all parts must ask for the {self.quantity.name} of a row in {self.format.name}, "
                "and for one loss"
            )
        weights = self.loss.class_weights
        if weights is not None and self.rows and len(weights) != self.classes:
            raise ValueError(
                f"{self.classes} classes and {len(weights)} class weights: each class needs one"
            )

    def __hash__(self) -> int:
        return self._hash

    def __getitem__(self, argument: str) -> Row:
        """Return the row of this argument, or ``()`` if the quantity does not take it."""
        names = self.quantity.arguments
        return self.rows[names.index(argument)] if self.rows and argument in names else ()

    def __str__(self) -> str:
        of = f"{len(self.parts)} rows" if self.parts else ", ".join(map(str, self.rows))
        return f"{self.quantity.name} of {of}"

    @property
    def classes(self) -> int:
        """The number of classes; zero where the question is about a batch."""
        return len(self.rows[0]) if self.rows else 0

    @functools.cached_property
    def is_plain(self) -> bool:
        """Whether it asks for the textbook loss, of one row by itself."""
        # To compare fractions takes longer than all the rest of a question.
        alone = self.share is PLAIN_SHARE or self.share == PLAIN_SHARE
        return alone and (self.loss is TEXTBOOK_LOSS or self.loss.is_plain)

    @property
    def _about(self) -> str:
        return f"{self.quantity.name} of output {self.quantity.output}"

    @functools.cached_property
    def equal(self) -> list[int]:
        """For each class the first class with equal arguments."""
        return first_places(self.columns())

    @functools.cached_property
    def kinds(self) -> list[int]:
        """The first class of each kind of equal classes, in order."""
        return sorted(set(self.equal))

    def of_each(self, balls: Sequence[arb]) -> Enclosures:
        """Return the ball of each class, given one for each kind.

        Parameters
        ----------
        balls
            In the order of `kinds`.

        Returns
        -------
        As many balls as there are classes.

        Examples
        --------
        >>> from gradcert_oracle import BINARY64, question
        >>> asked = question("softmax", (2.0, 1.0, 2.0), format=BINARY64)
        >>> asked.kinds, [float(ball) for ball in asked.of_each([arb(8), arb(9)])]
        ([0, 1], [8.0, 9.0, 8.0])
        """
        if len(self.kinds) == self.classes:
            return tuple(balls)
        return tuple(lookup(self.kinds, balls, self.equal))

    def columns(self) -> Iterable[Hashable]:
        """Return what the values of each class depend on. It is equal for equal classes.

        Returns
        -------
        One hashable object for each class.

        Examples
        --------
        >>> from gradcert_oracle import BINARY64, question
        >>> list(question("loss", (2.0, 1.0), (1.0, 0.0), format=BINARY64).columns())
        [(2.0, 1.0), (1.0, 0.0)]
        """
        weights = self.loss.class_weights
        rows = self.rows if weights is None else (*self.rows, weights)
        return rows[0] if len(rows) == 1 else zip(*rows, strict=True)


@functools.lru_cache(maxsize=16)
def _enclose(question: Question, guard: int) -> Enclosures:
    if not question.share.kept:
        return (arb(0),) * prod(question.quantity.shape(1, question.classes))
    return question.quantity.enclose(question, guard)


def enclose(question: Question, guard: int = GUARD) -> Enclosures:
    """Return one ball for each value of the row, row-major, in which the true value provably lies.

    Every ball is narrower than ``2**-guard`` ulp of the format at that value, or of its smallest
    subnormal number for a value that underflows; see :mod:`gradcert_oracle.precision`. The time is
    linear in the number of values. The last 16 results are kept.

    Parameters
    ----------
    question
        The row, the quantity and the loss that are examined.
    guard
        How narrow the balls must be, in bits beyond an ulp.

    Returns
    -------
    The balls. ``float(ball)`` is the centre, rounded to binary64.

    Raises
    ------
    ValueError
        If the rows are not in the quantity's domain.
    OracleError
        If no precision gives balls that narrow.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64, question
    >>> print(enclose(question("softmax", (0.0, 0.0), format=BINARY64)))
    (0.500000000000000, 0.500000000000000)
    """
    return _enclose(question, guard)
