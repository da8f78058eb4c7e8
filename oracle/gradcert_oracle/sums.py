"""Two orders of summation, each with the sums that leave one term out."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import add

from flint import arb

__all__ = ["SUMMATIONS", "Summation", "Sums", "pairwise", "sequential"]

Sums = tuple[arb, list[arb]]
"""The sum of all terms, and for some of them the sum of the others."""

Summation = Callable[[Sequence[arb], Sequence[int]], Sums]
"""Takes the terms, and the places of those whose others are asked for."""


def pairwise(terms: Sequence[arb], places: Sequence[int] = ()) -> Sums:
    """Add neighbours, then neighbouring sums, and so on; depth ``ceil(log2(n))``.

    The sum of the others comes down the same tree: a node's others are its parent's others and its
    sibling. No term is ever taken off again, so nothing cancels: for one dominant term the sum of
    the others is as accurate, relative to itself, as the whole.

    Examples
    --------
    >>> total, others = pairwise([arb(1), arb(2), arb(4)], range(3))
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    tree = [list(terms)]
    while len(tree[-1]) > 1:
        below = tree[-1]
        each = iter(below)
        tree.append([*map(add, each, each), *below[len(below) & ~1 :]])

    if not places:
        return tree[-1][0], []
    asked = [set(places)]
    for _ in tree[2:]:
        asked.append({i // 2 for i in asked[-1]})
    others = {0: arb(0)}
    for level, nodes in zip(tree[-2::-1], reversed(asked), strict=False):
        others = {
            i: others[i // 2] + level[i ^ 1] if i ^ 1 < len(level) else others[i // 2]
            for i in nodes
        }
    return tree[-1][0], [others[i] for i in places]


def sequential(terms: Sequence[arb], places: Sequence[int] = ()) -> Sums:
    """Add one term after the other, the largest first; depth ``n - 1``.

    A loop may go through the classes in any order. Each addition loses at most a rounding of the
    sum so far, which for terms of one sign is largest in this order, so it covers every other.

    Examples
    --------
    >>> total, others = sequential([arb(1), arb(2), arb(4)], range(3))
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    sizes = list(map(abs, map(float, terms)))
    order = sorted(range(len(terms)), key=sizes.__getitem__, reverse=True)
    ordered = [terms[i] for i in order]
    before = list(accumulate(ordered, initial=arb(0)))
    if not places:
        return before[-1], []
    after = list(accumulate(reversed(ordered), initial=arb(0)))
    rank = dict(zip(order, range(len(order)), strict=True))
    return before[-1], [before[rank[i]] + after[-2 - rank[i]] for i in places]


SUMMATIONS: dict[str, Summation] = {"pairwise": pairwise, "sequential": sequential}
"""The orders of summation that may explain an error."""
