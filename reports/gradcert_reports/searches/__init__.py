"""Reports of long searches: records, pages, and the files of a search."""

__all__: list[str] = []
