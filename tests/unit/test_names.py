"""Names of quantities, formats, outputs and verdicts are data: no code compares them with text."""

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from gradcert_implementations import FORMAT_NAMES, LEVEL_NAMES, QUANTITY_NAMES
from gradcert_oracle import FAITHFUL, FORMATS, LEVELS, QUANTITIES
from gradcert_reports import Verdict

NAMES = {
    *QUANTITY_NAMES,
    *(quantity.name for quantity in QUANTITIES),
    *(quantity.output for quantity in QUANTITIES),
    *FORMAT_NAMES,
    *FORMATS,
    *(str(verdict) for verdict in Verdict),
}

OWN = (
    "gradcert_oracle/quantities/",
    "gradcert_oracle/formats.py",
    "gradcert_oracle/losses.py",
    "gradcert_implementations/interface.py",
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


def _literals(node: ast.AST) -> Iterator[str]:
    """Yield the text that an expression is, or that a tuple, list or set of text holds."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            for element in elements:
                yield from _literals(element)


def compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each name that the code compares with a literal, with its line."""
    for node in ast.walk(tree):
        found: list[ast.AST] = []
        match node:
            case ast.Compare(left=left, comparators=others):
                found = [left, *others]
            case ast.MatchValue(value=value):
                found = [value]
            case ast.Call(func=ast.Attribute(attr="startswith" | "endswith"), args=given):
                found = list(given)
        for text in (text for one in found for text in _literals(one)):
            if text in NAMES or any(text.startswith(f"{name},") for name in NAMES):
                yield getattr(node, "lineno", 0), text


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_name_is_compared_with_a_literal_outside_its_own_module(file: Path) -> None:
    assert list(compared(ast.parse(file.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        'quantity == "dE/dz"',
        '"binary16" != name',
        'verdict in ("refuted", "broken")',
        'x not in {"softmax"}',
        'name.startswith("dE/dz")',
        'match quantity:\n    case "loss":\n        pass',
    ],
)
def test_the_scan_sees_a_comparison_in_each_form(code: str) -> None:
    assert list(compared(ast.parse(code)))


def test_the_scan_leaves_other_text_alone() -> None:
    assert not list(compared(ast.parse('kind == "other" and {"loss": 1}["loss"]')))


def test_the_levels_that_users_name_are_those_of_the_oracle_from_the_best_to_the_worst() -> None:
    assert (FAITHFUL.level, *LEVELS) == LEVEL_NAMES
