"""What helps people to help: the forms for issues, and the list of what a release needs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"

FIELDS = {
    "wrong_verdict.yml": {"certificate", "kind", "command", "subject", "reason"},
    "flaw.yml": {"mistake", "where"},
}
"""The fields that a form requires."""


def _form(name: str) -> dict[str, Any]:
    found = yaml.safe_load((FORMS / name).read_text())
    assert isinstance(found, dict)
    return found


def test_every_form_is_tried_here() -> None:
    assert {file.name for file in FORMS.glob("*.yml")} == {*FIELDS, "config.yml"}
    assert isinstance(_form("config.yml")["blank_issues_enabled"], bool)


@pytest.mark.parametrize("name", FIELDS)
def test_a_form_has_what_github_needs_and_the_fields_that_we_need(name: str) -> None:
    form = _form(name)
    assert all(form[key] for key in ("name", "description", "title", "labels", "body"))
    asked = [one for one in form["body"] if one["type"] != "markdown"]
    assert {one["type"] for one in asked} <= {"textarea", "input", "dropdown", "checkboxes"}
    assert all(one["attributes"]["label"] for one in asked)
    ids = [one["id"] for one in asked]
    assert len(ids) == len(set(ids))
    required = {one["id"] for one in asked if one.get("validations", {}).get("required")}
    assert required == FIELDS[name]


def test_the_form_for_a_wrong_verdict_asks_for_the_certificate() -> None:
    (field,) = (one for one in _form("wrong_verdict.yml")["body"] if one.get("id") == "certificate")
    assert "certificate.json" in field["attributes"]["description"]


PUBLISHING = {
    *("quality", "league", "gpu", "audits", "searches"),
    *("bench", "errors", "gallery", "claims"),
}
"""The targets of make whose results are published, or shown by a README."""


def test_the_list_of_a_release_names_every_target_that_publishes() -> None:
    _, _, release = (ROOT / "CONTRIBUTING.md").read_text().partition("## A release")
    named = set(re.findall(r"`make ([a-z]+)`", release))
    published = (ROOT / "reports" / "README.md").read_text()
    assert set(re.findall(r"\| `make ([a-z]+)` \|", published)) <= PUBLISHING <= named
    targets = re.findall(r"(?m)^([a-z]+):.* ## ", (ROOT / "Makefile").read_text())
    assert named <= set(targets)
