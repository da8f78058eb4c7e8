"""Two orders of summation, each with the sums that leave one term out."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from flint import arb

__all__ = ["SUMMATIONS", "Sums", "pairwise", "sequential"]

Sums = tuple[arb, list[arb]]
"""The sum of all terms, and for each term the sum of the others."""


def pairwise(terms: Sequence[arb]) -> Sums:
    """Add neighbours, then neighbouring sums, and so on; depth ``ceil(log2(n))``.

    The sum of the others comes down the same tree: a node's others are its parent's others and its
    sibling. No term is ever taken off again, so nothing cancels: for one dominant term the sum of
    the others is as accurate, relative to itself, as the whole.

    Examples
    --------
    >>> total, others = pairwise([arb(1), arb(2), arb(4)])
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    tree = [list(terms)]
    while len(tree[-1]) > 1:
        below = tree[-1]
        tree.append([*map(arb.__add__, below[::2], below[1::2]), *below[len(below) & ~1 :]])
    others = [arb(0)]
    for level in reversed(tree[:-1]):
        siblings = [level[i ^ 1] if i ^ 1 < len(level) else arb(0) for i in range(len(level))]
        others = [others[i // 2] + sibling for i, sibling in enumerate(siblings)]
    return tree[-1][0], others


def sequential(terms: Sequence[arb]) -> Sums:
    """Add one term after the other, the largest first; depth ``n - 1``.

    A loop may go through the classes in any order. Each addition loses at most a rounding of the
    sum so far, which for terms of one sign is largest in this order, so it covers every other.

    Examples
    --------
    >>> total, others = sequential([arb(1), arb(2), arb(4)])
    >>> float(total), [float(x) for x in others]
    (7.0, [6.0, 5.0, 3.0])
    """
    order = sorted(range(len(terms)), key=lambda i: -abs(float(terms[i].mid())))
    ordered = [terms[i] for i in order]
    before = [arb(0), *accumulate(ordered)]
    after = [arb(0), *accumulate(reversed(ordered))]
    others = [arb(0)] * len(terms)
    for i, left, right in zip(order, before[:-1], after[-2::-1], strict=True):
        others[i] = left + right
    return before[-1], others


SUMMATIONS: dict[str, Callable[[Sequence[arb]], Sums]] = {
    "pairwise": pairwise,
    "sequential": sequential,
}
"""The orders of summation that may explain an error."""
