"""What a report holds, as records, and what can be worked out from them without rendering."""

__all__: list[str] = []
