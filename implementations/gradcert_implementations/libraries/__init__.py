"""Adapters to the cross-entropies of real libraries, one module per library."""

__all__: list[str] = []
