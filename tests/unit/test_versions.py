"""The versions that pyproject.toml names are those that CI tries."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [
    Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
]


def _pins(file: str) -> dict[str, Version]:
    lines = (ROOT / file).read_text().splitlines()
    pins = (Requirement(line) for line in lines if not line.startswith("#"))
    return {
        canonicalize_name(pin.name): Version(str(pin.specifier).removeprefix("==")) for pin in pins
    }


LOWEST, USUAL = _pins("constraints-lowest.txt"), _pins("constraints.txt")

each = pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)


@each
def test_the_lowest_version_is_the_one_that_ci_tries_as_the_lowest(
    requirement: Requirement,
) -> None:
    bounds = [Version(s.version) for s in requirement.specifier if s.operator == ">="]
    assert bounds == [LOWEST[canonicalize_name(requirement.name)]]


@each
def test_the_version_that_ci_usually_takes_is_allowed(requirement: Requirement) -> None:
    assert USUAL[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_version_that_is_cited_is_the_one_that_is_built() -> None:
    cited = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {PROJECT['version']}\n" in cited


def test_hypothesis_has_an_upper_bound_because_we_use_what_is_private_to_it() -> None:
    (hypothesis,) = (r for r in REQUIREMENTS if r.name == "hypothesis")
    assert [s.operator for s in hypothesis.specifier if s.operator == "<"]
