"""What everything else speaks of: claims, cases, questions, outcomes, the clock, limits."""

__all__: list[str] = []
