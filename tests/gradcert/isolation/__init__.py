"""An implementation in a process of its own: how it is started, asked, and ended."""

__all__: list[str] = []
