"""Deliberately wrong implementations, one known flaw per file."""

__all__: list[str] = []
