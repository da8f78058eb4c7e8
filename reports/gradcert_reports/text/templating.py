"""How every renderer reads its templates."""

from collections.abc import Callable
from typing import Any

import jinja2

__all__ = ["environment"]


def environment(
    package: str, *, finalize: Callable[[Any], Any] | None = None
) -> jinja2.Environment:
    """Return the environment of the templates of a package.

    Parameters
    ----------
    package
        The package whose folder ``templates`` has them.
    finalize
        What escapes every value that a template shows. By default the templates are XML or HTML.
    """
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=finalize is None,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
