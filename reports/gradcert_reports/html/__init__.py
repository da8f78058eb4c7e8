"""The renderer of the HTML page, with its pictures."""

__all__: list[str] = []
