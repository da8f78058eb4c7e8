"""Which known flaw makes the same mistake, and what is known without one."""

__all__: list[str] = []
