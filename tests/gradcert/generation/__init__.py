"""The cases: sizes, regimes, targets, and the search that draws and shrinks them."""

__all__: list[str] = []
