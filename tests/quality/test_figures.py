"""The published figures say what was measured."""

from pathlib import Path

import pytest
from families import FAMILIES
from figures import FamilyFigures, Run, Subject, figures

MADE = "2026-11-27 with gradcert 0.1.0, on Z80 (Linux)"


def run(
    seed: int, classes: int, subject: str = "sign-flipped", verdict: str = "refuted", name: str = ""
) -> Run:
    return Run(
        code="",
        subject=subject,
        seed=seed,
        verdict=verdict,
        level="",
        kills=(),
        diagnosed=(name or subject,) if verdict == "refuted" else (),
        rows=1,
        classes=classes,
        quarters=True,
        seconds=1.0,
    )


@pytest.mark.parametrize(
    ("measured", "shown"), [((2, 2), "2"), ((3, 2, 8), "2 to 8"), ((0, 0), "-")]
)
def test_the_classes_of_counterexamples_are_the_least_and_the_most_over_the_seeds(
    measured: tuple[int, ...], shown: str
) -> None:
    runs = [run(seed, classes) for seed, classes in enumerate(measured)]
    assert Subject("sign-flipped", runs).classes == shown


def test_a_row_of_a_table_has_one_cell_for_each_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figures.FLAWED", {"sign-flipped": ""})
    monkeypatch.setattr("figures.UNUSUAL", {})
    monkeypatch.setattr("figures.FAMILIES", ())
    lines = figures([run(0, 2)], 1, MADE).splitlines()
    (row,) = [line for line in lines if line.startswith("| sign-flipped | refuted |")]
    heading = lines[lines.index(row) - 2]
    assert heading.count("|") == row.count("|") == lines[lines.index(row) - 1].count("|")
    cells = dict(zip(heading.split(" | "), row.split(" | "), strict=True))
    assert cells["classes"] == cells["the catalogue's"] == "2"


FAMILY = FAMILIES[0]
RUNS = [
    run(0, 9, f"{FAMILY.name}-0", name="-"),
    run(1, 9, f"{FAMILY.name}-0", name="sign-flipped"),
    run(0, 9, f"{FAMILY.name}-1", name="-"),
    run(1, 0, f"{FAMILY.name}-1", verdict="conforms"),
]


def test_the_share_of_a_family_counts_the_runs_that_refute() -> None:
    found = FamilyFigures(FAMILY, RUNS)
    assert (found.share, found.as_wanted) == ("75%", False)
    assert found.names == "no name (2), sign-flipped (1)"


def test_the_readme_counts_the_families() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert f"{len(FAMILIES)} families of drawn flaws" in readme.read_text()


def test_nearly_all_is_not_all() -> None:
    runs = [run(seed, 9, f"{FAMILY.name}-0") for seed in range(4999)]
    found = FamilyFigures(FAMILY, [*runs, run(4999, 0, f"{FAMILY.name}-0", verdict="conforms")])
    assert (found.share, found.as_wanted) == ("99.9%", False)


def test_the_figures_say_what_made_them_and_when(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FLAWED", "UNUSUAL", "FAMILIES"):
        monkeypatch.setattr(f"figures.{name}", ())
    assert f"Made by `make quality` on {MADE}.\n" in figures([], 1, MADE)


def test_a_survivor_is_published_with_its_parameters_and_the_seeds_it_survives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("figures.FLAWED", {})
    monkeypatch.setattr("figures.UNUSUAL", {})
    parameters = FAMILY.member(1).drawn.parameters
    published = figures(RUNS, 2, MADE)
    assert f"- {FAMILY.name}-1, {parameters}; conforms under seed 1\n" in published
    assert f"- {FAMILY.name}: 75% of the runs refute, not 100%\n" in published


def test_a_right_implementation_that_is_turned_away_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "online-softmax"
    monkeypatch.setattr("figures.FLAWED", {})
    monkeypatch.setattr("figures.UNUSUAL", {name: ""})
    found = figures([run(0, 0, name, verdict="conforms"), run(1, 2, name)], 2, MADE)
    assert "\n1 of 2 runs refuse a right implementation." in found
    assert f"- {name}, seed 1: refuted, not conforms\n" in found
