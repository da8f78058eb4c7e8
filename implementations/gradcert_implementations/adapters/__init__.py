"""Adapters from a loss, a function or a program to an implementation, one kind per module."""

__all__: list[str] = []
