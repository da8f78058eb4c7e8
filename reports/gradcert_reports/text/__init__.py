"""The renderers of text: the terminal, Markdown, JUnit XML and the badge."""

__all__: list[str] = []
