"""Right implementations that compute in an unusual way, one per file.

A suite that finds every flaw may still refute a right implementation. The suite must certify all of
these.
"""

__all__: list[str] = []
