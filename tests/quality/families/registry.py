"""All families, in the order in which the figures have them."""

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


def members() -> tuple[Member, ...]:
    """Return the members of every family that are measured."""
    return tuple(family.member(number) for family in FAMILIES for number in range(family.size))
