"""The audit of a bound: data as a test draws it, wrong answers, comparisons."""

__all__: list[str] = []
