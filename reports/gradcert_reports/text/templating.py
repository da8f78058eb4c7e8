"""How every renderer reads its templates."""

import jinja2

__all__ = ["environment"]


def environment(package: str, *, autoescape: bool) -> jinja2.Environment:
    """Return the environment of the templates of a package.

    Parameters
    ----------
    package
        The package whose folder ``templates`` has them.
    autoescape
        Whether the templates are XML or HTML, so that every value must be escaped.
    """
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
