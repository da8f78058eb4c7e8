"""Families of wrong gradients: drawn from a generator, and not from the plan of cases.

A flaw of the catalogue is one mistake with its own numbers: a block of 1024, a cut at 256. A suite
could be made for these numbers. A member of a family is a right gradient with one mistake under one
condition, and the numbers of the condition are drawn. Nothing here knows what the suite tries.
"""

from families.member import Family, Member
from families.registry import FAMILIES, members

__all__ = ["FAMILIES", "Family", "Member", "members"]
