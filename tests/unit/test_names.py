"""Names of quantities, formats, outputs and verdicts are data: nothing compares them with text."""

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from gradcert_implementations import FORMAT_NAMES, LEVEL_NAMES, QUANTITY_NAMES
from gradcert_oracle import FAITHFUL, FORMATS, LEVELS, QUANTITIES
from gradcert_reports import Verdict

VERDICTS = {str(verdict) for verdict in Verdict}

NAMES = {
    *QUANTITY_NAMES,
    *(quantity.name for quantity in QUANTITIES),
    *(quantity.output for quantity in QUANTITIES),
    *FORMAT_NAMES,
    *FORMATS,
    *VERDICTS,
}

OWN = (
    "gradcert_oracle/quantities/",
    "gradcert_oracle/formats.py",
    "gradcert_oracle/losses.py",
    "gradcert_implementations/interface/",
    "gradcert_implementations/names.py",
    "gradcert_reports/model/verdict.py",
)
"""The modules that a name belongs to."""


def _root(package: str) -> Path:
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


FILES = [
    file
    for package in ("gradcert", "gradcert_oracle", "gradcert_implementations", "gradcert_reports")
    for file in sorted(_root(package).rglob("*.py"))
    if not any(own in file.as_posix() for own in OWN)
]


TESTS = Path(__file__).parents[1]

TEMPLATES = [
    file
    for folder in (
        _root("gradcert_reports"),
        *(TESTS / name for name in ("league", "quality", "benchmarks")),
    )
    for file in sorted(folder.rglob("*.jinja"))
]


def _names(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts that are names, or begin with a name and a comma."""
    for text in texts:
        if text in NAMES or any(text.startswith(f"{name},") for name in NAMES):
            yield text


def _literals(node: ast.AST) -> Iterator[str]:
    """Yield the text that an expression is, or that a tuple, list or set of text holds."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            for element in elements:
                yield from _literals(element)


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each name that code compares a value with, and each verdict that is a key."""
    for node in ast.walk(tree):
        found: list[ast.AST] = []
        match node:
            case ast.Compare(left=left, comparators=others):
                found = [left, *others]
            case ast.MatchValue(value=value):
                found = [value]
            case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=given):
                found = list(given)
            case ast.Dict(keys=keys):
                found = [key for key in keys if key and VERDICTS.intersection(_literals(key))]
        for text in _names(text for one in found for text in _literals(one)):
            yield getattr(node, "lineno", 0), text


def _template_literals(node: nodes.Node) -> Iterator[str]:
    """Yield the text that an expression of a template is, or that a tuple or list of it holds."""
    match node:
        case nodes.Const(value=str() as text):
            yield text
        case nodes.Tuple(items=items) | nodes.List(items=items):
            for item in items:
                yield from _template_literals(item)


def compared_in_template(source: str) -> Iterator[tuple[int, str]]:
    """Yield the same of a template."""
    searched = (nodes.Compare, nodes.Filter, nodes.Test, nodes.Dict)
    for node in jinja2.Environment().parse(source).find_all(searched):
        found: list[nodes.Node] = []
        match node:
            case nodes.Compare(expr=first, ops=others):
                found = [first, *(operand.expr for operand in others)]
            case nodes.Filter(args=given) | nodes.Test(args=given):
                found = list(given)
            case nodes.Dict(items=pairs):
                keys = [pair.key for pair in pairs]
                found = [key for key in keys if VERDICTS.intersection(_template_literals(key))]
        for text in _names(text for one in found for text in _template_literals(one)):
            yield node.lineno, text


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_name_is_compared_with_a_literal_outside_its_own_module(file: Path) -> None:
    assert list(compared(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_compares_a_name_with_a_literal(file: Path) -> None:
    assert list(compared_in_template(file.read_text())) == []


@pytest.mark.parametrize(
    "code",
    [
        'quantity == "dE/dz"',
        '"binary16" != name',
        'verdict in ("refuted", "broken")',
        'x not in {"softmax"}',
        'name.startswith("dE/dz")',
        'match quantity:\n    case "loss":\n        pass',
        'words = {"refuted": "refutes"}[verdict]',
    ],
)
def test_the_scan_sees_a_comparison_in_each_form(code: str) -> None:
    assert list(compared(ast.parse(code)))


@pytest.mark.parametrize(
    "template",
    [
        '{% if quantity == "dE/dz" %}{% endif %}',
        '{{ "binary16" != name }}',
        '{% for one in results if one.verdict in ("refuted", "broken") %}{% endfor %}',
        '{{ results | selectattr("verdict", "eq", "conforms") | list }}',
        '{{ x is eq("refuted") }}',
        '{{ {"refuted": "refutes"}[verdict] }}',
    ],
)
def test_the_scan_sees_a_comparison_in_each_form_in_a_template(template: str) -> None:
    assert list(compared_in_template(template))


def test_the_scan_leaves_other_text_alone() -> None:
    other = 'kind == "other" and {"loss": 1}["loss"]'
    assert not list(compared(ast.parse(other)))
    assert not list(compared_in_template("{{ " + other + " }} conforms"))


def test_the_levels_that_users_name_are_those_of_the_oracle_from_the_best_to_the_worst() -> None:
    assert (FAITHFUL.level, *LEVELS) == LEVEL_NAMES
