"""Deliberately wrong implementations, one known flaw a file."""

__all__: list[str] = []
