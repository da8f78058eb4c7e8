"""A drawn flaw is wrong under its condition, by much, and right elsewhere."""

import ast
from pathlib import Path

import families
import numpy as np
import pytest
from families import FAMILIES, Family, Member, members
from families.member import Example, gradient, rows_of_zeros

from gradcert_implementations import Array

MEMBERS = members()

WRONG = 1e-3
"""A relative error that nobody takes for rounding in binary32."""


def named(member: Member) -> str:
    return member.name


def answer(member: Member, example: Example) -> Array:
    with np.errstate(all="ignore"):
        return member.drawn.function(example.logits, example.targets)


@pytest.mark.parametrize(
    "module", sorted(Path(families.__file__).parent.glob("*.py")), ids=lambda module: module.stem
)
def test_no_family_is_drawn_from_the_plan_of_the_suite(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert not any(name.partition(".")[0] == "gradcert" for name in names)


def test_every_family_and_every_member_has_a_name_of_its_own() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert len({member.name for member in MEMBERS}) == len(MEMBERS)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_number_stands_for_one_member_and_another_number_for_another(family: Family) -> None:
    drawn = [family.member(number).drawn.parameters for number in range(family.size)]
    assert drawn == [family.member(number).drawn.parameters for number in range(family.size)]
    assert len(set(drawn)) > len(drawn) // 2


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_a_member_is_wrong_by_much_on_an_input_of_the_domain(member: Member) -> None:
    example = member.drawn.example()
    logits, targets = example.logits, example.targets
    assert logits.dtype == targets.dtype == np.float32
    assert (targets.sum(axis=1) == 1).all()
    assert (targets >= 0).all()
    assert np.isfinite(logits[targets > 0]).all()
    assert (logits <= 1e4).all()
    right, found = gradient(logits, targets), answer(member, example)
    error = np.abs(found - right)
    assert not (error <= WRONG * np.abs(right)).all()


PLAIN = (
    rows_of_zeros(1, 1),
    rows_of_zeros(1, 2),
    rows_of_zeros(1, 2, 1),
    rows_of_zeros(2, 9),
    rows_of_zeros(60_000, 2),
    rows_of_zeros(2, 110_001),
)


@pytest.mark.parametrize("member", MEMBERS, ids=named)
def test_a_member_is_right_where_its_condition_is_not_met(member: Member) -> None:
    same = (np.array_equal(answer(member, one), gradient(one.logits, one.targets)) for one in PLAIN)
    assert any(same)
