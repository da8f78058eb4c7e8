"""Adapters to the cross-entropies of real libraries, one module a library."""

__all__: list[str] = []
