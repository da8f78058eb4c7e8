"""The published figures say what was measured."""

import pytest
from figures import Run, Subject, figures


def run(seed: int, classes: int) -> Run:
    return Run(
        code="",
        subject="sign-flipped",
        seed=seed,
        verdict="refuted",
        level="",
        kills=(),
        diagnosed=("sign-flipped",),
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
    lines = figures([run(0, 2)], 1).splitlines()
    (row,) = [line for line in lines if line.startswith("| sign-flipped | refuted |")]
    heading = lines[lines.index(row) - 2]
    assert heading.count("|") == row.count("|") == lines[lines.index(row) - 1].count("|")
    cells = dict(zip(heading.split(" | "), row.split(" | "), strict=True))
    assert cells["classes"] == cells["the catalogue's"] == "2"
