"""All families, in the order in which the figures have them."""

from collections.abc import Iterator

from families import blocks, exponentials, layouts, masks, places, rows, sizes
from families.member import Family, Member

__all__ = ["FAMILIES", "members"]

FAMILIES: tuple[Family, ...] = (
    *blocks.FAMILIES,
    *sizes.FAMILIES,
    *rows.FAMILIES,
    *layouts.FAMILIES,
    *masks.FAMILIES,
    *places.FAMILIES,
    *exponentials.FAMILIES,
)


def members(most: int | None = None) -> Iterator[Member]:
    """Yield the members of every family, or so many of each at most."""
    for family in FAMILIES:
        for number in range(family.size if most is None else min(most, family.size)):
            yield family.member(number)
