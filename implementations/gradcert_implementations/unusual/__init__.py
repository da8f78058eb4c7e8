"""Right implementations that go about it in an unusual way, one a file.

A suite that finds every flaw may still turn away what is right. These are here to be certified.
"""

__all__: list[str] = []
