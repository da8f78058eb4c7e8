"""What a call may leave changed in its process: read, compared, and put back."""

__all__: list[str] = []
