"""Other people's tests, tried with wrong gradients: which of them pass."""

__all__: list[str] = []
