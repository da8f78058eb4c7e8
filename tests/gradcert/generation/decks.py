"""A deck: each card is dealt once before one comes up again."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np

__all__ = ["Deck"]

_T = TypeVar("_T")


class Deck(Generic[_T]):
    """Cards that are dealt in a drawn order. Where no card that fits is left, all come again.

    Parameters
    ----------
    cards
        The cards.
    generator
        What draws the order.

    Examples
    --------
    >>> deck = Deck("abc", np.random.default_rng(0))
    >>> sorted(deck.deal() for _ in range(3)), deck.deal(lambda card: card == "b")
    (['a', 'b', 'c'], 'b')
    """

    def __init__(self, cards: Sequence[_T], generator: np.random.Generator) -> None:
        self._cards = cards
        self._generator = generator
        self._left: list[_T] = []

    def deal(self, fits: Callable[[_T], bool] = lambda _: True) -> _T:
        """Return the next card that fits.

        Raises
        ------
        LookupError
            If no card of the deck fits.
        """
        for _ in range(2):
            for place, card in enumerate(self._left):
                if fits(card):
                    return self._left.pop(place)
            shuffled = self._generator.permutation(len(self._cards)).tolist()
            self._left += [self._cards[card] for card in shuffled]
        raise LookupError("no card fits")
