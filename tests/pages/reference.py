"""Write the reference of all that is public: ``make reference``.

The text comes from the docstrings, which griffe reads, from the commands themselves, and from the
help of pytest. ``reference.md.jinja`` has the order of the page.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import typer
from griffe import Class, DocstringSection, GriffeLoader, Kind, Object
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from typer.cli import get_docs_for_click

import gradcert
from gradcert.cli import main

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "tests" / "REFERENCE.md"

NAMES = {"gradcert": gradcert.__all__} | tomllib.loads((HERE / "reference.toml").read_text())
"""The names that the page describes, by package."""

_KINDS = [Kind.FUNCTION, Kind.CLASS, Kind.ATTRIBUTE]
"""Their order on the page: what one calls comes first."""

_WIDTH = 80
_LONGEST_DEFAULT = 40


@cache
def documented() -> dict[str, dict[str, Object]]:
    """Return what the page describes of each package, by its dotted name, in its order."""
    loader = GriffeLoader(
        docstring_parser="numpy",
        search_paths=[ROOT / name for name in ("tests", "implementations", "oracle", "reports")],
    )

    # One package takes names from another.
    rooms = {package: loader.load(package) for package in NAMES}

    def found(package: str, name: str) -> Object:
        # A function may be called like a module beside it, so the import says which it is.
        path = rooms[package].imports.get(name, f"{package}.{name}")
        thing = loader.modules_collection[path]
        return thing.final_target if thing.is_alias else thing

    every = {package: {name: found(package, name) for name in NAMES[package]} for package in NAMES}
    return {
        package: {
            f"{package}.{name}": things[name]
            for name in sorted(things, key=lambda name: _KINDS.index(things[name].kind))
        }
        for package, things in every.items()
    }


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def _places() -> dict[str, str]:
    """Return the anchor of each name. GitHub numbers those that differ in capital letters only."""
    paths = [path for things in documented().values() for path in things]
    earlier = Counter[str]()
    places = {}
    for path in paths:
        place = anchor(path)
        places[path] = f"{place}-{earlier[place]}" if earlier[place] else place
        earlier[place] += 1
    return places


def _markdown(text: str, package: str) -> str:
    """Return a text of a docstring as Markdown: a role as a link or as code, a table as it is."""
    paths = {name: f"{home}.{name}" for home in [*reversed(NAMES), package] for name in NAMES[home]}

    def role(found: re.Match[str]) -> str:
        name = found[1].rpartition(".")[2]
        return f"[`{name}`](#{_places()[paths[name]]})" if name in paths else f"`{name}`"

    text = re.sub(r":\w+:`~?([^`]+)`", role, text)
    text = re.sub(r"(?ms)^(=+ [= ]+\n.*\n=[= ]+)$", r"```text\n\1\n```", text)
    return re.sub(r"(?m)::$", ":", text)


def _typed(owner: Class, name: str) -> str:
    """Return an attribute with its type and its default, as far as it has them."""
    defaults = {parameter.name: parameter.default for parameter in owner.parameters}
    default = str(defaults.get(name, owner.members[name].value) or "")
    # The description says which bounds msgspec checks.
    kind = re.sub(
        r"Annotated\[(.+?), msgspec\.\w+\(.*?\)\]",
        r"\1",
        str(owner.members[name].annotation or ""),
    )
    shown = f" = {default}" if 0 < len(default) <= _LONGEST_DEFAULT else ""
    return f"`{name}{kind and ': '}{kind}{shown}`"


def _items(section: DocstringSection, owner: Object) -> Iterator[tuple[str, str]]:
    """Yield the names of a section, those of one description together, and the description."""
    for text, alike in groupby(section.value, lambda one: one.description):
        named = ", ".join(str(getattr(one, "name", one.annotation)) for one in alike)
        names = named.strip("()").split(", ")
        if section.kind.value == "attributes":
            yield ", ".join(_typed(owner, name) for name in names), text
        else:
            yield ", ".join(f"`{name}`" for name in names), text
    if section.kind.value == "attributes":
        for name, member in owner.members.items():
            if "property" in member.labels and not name.startswith("_") and member.docstring:
                yield _typed(owner, name), member.docstring.parsed[0].value


def _commands() -> dict[str, str]:
    """Return the help of each command, as Typer writes it in Markdown."""
    group = typer.main.get_command(main)
    context = typer.Context(group, info_name="gradcert")
    return {
        name: get_docs_for_click(
            obj=command, ctx=context, name=name, call_prefix="gradcert", indent=1
        )
        for name, command in group.commands.items()
    }


def _options_of_pytest() -> str:
    """Return what the help of pytest says of the options of the plugin."""
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    environment = os.environ | {"COLUMNS": str(_WIDTH)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return re.search(r"(?m)^softmax / cross-entropy.*\n((?: .*\n)+)", done.stdout)[1].rstrip()


def reference() -> str:
    """Return the page."""
    templates = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "anchor": anchor,
        "items": _items,
        "markdown": _markdown,
    }
    page = templates.get_template("reference.md.jinja").render(
        packages=documented(),
        places=_places(),
        commands=_commands(),
        options_of_pytest=_options_of_pytest(),
    )
    # `make check` wants the code of every page as ruff writes it.
    command = [Path(sys.executable).with_name("ruff"), "format", "--stdin-filename", PAGE, "-"]
    done = subprocess.run(command, input=page, cwd=ROOT, capture_output=True, text=True, check=True)
    return re.sub(r"\n{3,}", "\n\n", done.stdout).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(reference())
