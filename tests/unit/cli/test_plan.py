"""``gradcert plan``: what it prints is the plan, and it calls nothing."""

import re
from itertools import chain

import pytest
from command_line import Run

from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.coverage import planned_cases
from gradcert_implementations import load

pytestmark = pytest.mark.usefixtures("mine")

HEADINGS = "check claims cases rows numbers sizes"
CHOICE = ("numpy", "--quantity", "dE/dz", "--quantity", "softmax", "--format", "fp16")
LISTED = re.compile(r"(.*?)(\d+(?:, \d+)+)(.*)")
INTERVAL = re.compile(r"(?P<words>.*?)(?P<low>-?\d[\d.e+-]*) to (?P<high>-?\d[\d.e+-]*)")


def _lines(shown: str) -> list[str]:
    return [" ".join(line.split()) for line in shown.splitlines()]


def _numbers(line: str, count: int) -> list[int]:
    """Return the numbers after the first word of a line."""
    return [int(word.replace(",", "")) for word in line.split()[1 : count + 1]]


def _stands_in(label: str, entry: str) -> bool:
    """Return whether an entry shows a label: alone, in a list of numbers or within an interval."""
    if listed := LISTED.fullmatch(entry):
        before, numbers, after = listed.groups()
        return label in {f"{before}{number}{after}" for number in numbers.split(", ")}
    outer = INTERVAL.fullmatch(entry)
    inner = INTERVAL.fullmatch(label if " to " in label else f"{label} to {label}")
    if outer and inner and outer["words"] == inner["words"]:
        low, high = float(outer["low"]), float(outer["high"])
        return low <= float(inner["low"]) <= float(inner["high"]) <= high
    return label == entry


@pytest.mark.parametrize("effort", Effort)
@pytest.mark.parametrize("seed", [0, 7])
def test_each_check_has_a_line_with_its_claims_cases_rows_and_numbers(
    gradcert: Run, monkeypatch: pytest.MonkeyPatch, effort: Effort, seed: int
) -> None:
    monkeypatch.setenv("COLUMNS", "5000")
    flags = () if effort is Effort.STANDARD else (f"--{effort}",)
    done = gradcert("plan", *CHOICE, *flags, "--seed", str(seed))
    assert done.returncode == 0
    settings = SearchSettings(max_examples=100, seed=seed, effort=effort)
    subject = load("numpy", quantities=["dE/dz", "softmax"], formats=["fp16"])
    plan = planned_cases(subject, settings)
    lines = {line.partition(" ")[0]: line for line in _lines(done.stdout)}
    totals = [0, 0, 0, 0]
    for check in dict.fromkeys(task.check for task in plan):
        cases = [found for task, found in plan.items() if task.check == check]
        every = [*chain.from_iterable(cases)]
        counts = [
            len(cases),
            len(every),
            sum(case.rows for case in every),
            sum(case.rows * case.classes for case in every),
        ]
        assert _numbers(lines[check], 4) == counts
        if every:
            assert str(max(case.classes for case in every)) in re.split(r"\W+", lines[check])
        else:
            assert lines[check].endswith(" none of the plan")
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    assert _numbers(lines["all"], 4) == totals


def test_each_dimension_has_a_line_with_all_its_items(
    gradcert: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50000")
    lines = _lines(gradcert("plan", *CHOICE).stdout)
    subject = load("numpy", quantities=["dE/dz", "softmax"], formats=["fp16"])
    plan = planned_cases(subject, SearchSettings(max_examples=100, seed=0))
    items = {item for cases in plan.values() for case in cases for item in case.items}
    of_dimensions = lines[lines.index("dimension items what is tried") :]
    for dimension in {item.dimension for item in items}:
        labels = [item.label for item in items if item.dimension == dimension]
        (line,) = (one for one in of_dimensions if one.startswith(f"{dimension} {len(labels)} "))
        shown = line.removeprefix(f"{dimension} {len(labels)} ")
        entries = shown.split("; " if "; " in shown else ", ")
        for label in labels:
            assert any(_stands_in(label, entry) for entry in entries), label


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_tables_fit_the_terminal_and_cut_nothing(
    gradcert: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = gradcert("plan", *CHOICE).stdout
    assert max(map(len, shown.splitlines())) <= int(columns)
    assert "…" not in shown
    assert "many-classes" in shown


def test_the_implementation_is_loaded_and_not_called(gradcert: Run) -> None:
    done = gradcert("plan", "mine.py:exits", "--format", "binary64")
    assert done.returncode == 0
    assert HEADINGS in _lines(done.stdout)
