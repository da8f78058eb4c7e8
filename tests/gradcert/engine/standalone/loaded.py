"""The Python that imports what somebody wrote, as they would import it themselves."""

import json
import sys
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from gradcert_implementations.importing import named

__all__ = ["Loaded", "loaded"]

_OURS = frozenset(
    (
        *("abs", "base64", "float", "jax", "jnp", "json", "np", "struct", "subprocess", "sys"),
        *("torch", "zlib"),
        *("logits", "probabilities", "outputs", "log_probabilities", "targets", "v", "upstream"),
        *("a", "args", "before", "difference", "first", "i"),
        *("allowed", "answer", "answer_to", "back", "f", "places", "returned", "rows", "slope"),
        *("total", "true"),
    )
)
"""The names that scripts use themselves."""


@dataclass(frozen=True)
class Loaded:
    """How a script gets what it calls.

    Attributes
    ----------
    lines
        The lines that import it.
    name
        Its name there.
    """

    lines: tuple[str, ...]
    name: str


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


def loaded(place: str, about: str) -> Loaded | None:
    """Return how a script gets the function that a SPEC names.

    Parameters
    ----------
    place
        A SPEC without the name of an adapter. If it is empty, the reader fills in the function.
    about
        What the function is called in that case.

    Returns
    -------
    None where plain Python does not import it: its file has the name of a standard module, or it
    has no name of Python.

    Examples
    --------
    >>> for line in loaded("kernels/mine.py:gradient", "").lines:
    ...     print(line)
    sys.path.insert(0, "kernels")  # the folder of mine.py
    from mine import gradient
    >>> loaded("mine.losses:smoothed(share=0.1)", "").lines
    ('from mine.losses import smoothed', 'f = smoothed(share=0.1)')
    """
    if not place:
        return Loaded((f"f = ...  # {about}",), "f")
    found, lines = named(place), []
    module = found.place
    if module.endswith(".py") or "/" in module:
        file = Path(module)
        module = file.stem
        folder = str(file.parent)
        if "." in module or module in sys.stdlib_module_names or not folder.isprintable():
            return None
        lines.append(f"sys.path.insert(0, {json.dumps(folder)})  # the folder of {file.name}")
    attribute = found.attribute
    if not all(map(_is_name, (*module.split("."), attribute))):
        return None
    name = "f" if attribute in _OURS else attribute
    lines.append(f"from {module} import {attribute}{f' as {name}' if name != attribute else ''}")
    if found.arguments is not None:
        lines.append(f"f = {name}({found.arguments})")
        name = "f"
    return Loaded(tuple(lines), name)
