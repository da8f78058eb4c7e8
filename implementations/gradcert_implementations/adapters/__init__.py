"""From what people write - losses, gradients, programs - to an implementation, one way a module."""

__all__: list[str] = []
