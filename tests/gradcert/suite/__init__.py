"""The conformance suite under pytest."""

__all__: list[str] = []
