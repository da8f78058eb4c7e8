"""Long searches for the worst case, on every core of one machine or on a cluster."""

__all__: list[str] = []
