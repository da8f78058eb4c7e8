"""The progress bar of a run, on standard error."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["progress_bar"]


def progress_bar(*, shown: bool = True) -> "Progress":
    """Return a progress bar for a ``with`` block.

    Parameters
    ----------
    shown
        Whether it is wanted. Where standard error is neither a terminal nor a notebook, it shows
        nothing in any case.

    Returns
    -------
    The bar of ``rich``, which is gone after the block.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    bar = Console(stderr=True)
    seen = bar.is_terminal or bar.is_jupyter
    return Progress(*columns, console=bar, transient=True, disable=not (shown and seen))
