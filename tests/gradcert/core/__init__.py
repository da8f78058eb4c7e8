"""Records and helpers that all other packages use: claims, cases, outcomes, the clock, limits."""

__all__: list[str] = []
