"""What audits found: which wrong gradients other people's tests let through."""

__all__: list[str] = []
