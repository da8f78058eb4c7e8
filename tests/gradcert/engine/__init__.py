"""One check of one claim, one subject, and the record of what was found."""

__all__: list[str] = []
