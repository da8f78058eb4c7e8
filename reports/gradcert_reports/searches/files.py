"""A search on disk: its pages."""

from pathlib import Path

import msgspec

from gradcert_reports.atomic import write_atomically
from gradcert_reports.searches.markdown import search_markdown
from gradcert_reports.searches.page import search_page
from gradcert_reports.searches.records import Search

__all__ = ["write_search"]


def write_search(search: Search, directory: Path) -> list[Path]:
    """Write ``index.html``, ``report.md`` and ``search.json``, and return their paths.

    Raises
    ------
    OSError
        If the directory cannot be written to.
    """
    content = {
        "index.html": search_page(search).encode(),
        "report.md": search_markdown(search).encode(),
        "search.json": msgspec.json.format(msgspec.json.encode(search), indent=2) + b"\n",
    }
    for name, one in content.items():
        write_atomically(directory / name, one)
    return [directory / name for name in content]
