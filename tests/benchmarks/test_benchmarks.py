"""The tables say what was measured, and only what moved by more than noise. Nothing is timed."""

import re
import subprocess

import benchmark
import msgspec
import pytest
from benchmark import BATCH_SIZES, FORMATS, ROUNDS, ROUNDS_OF_PEERS, bench, news
from comparison import moved
from records import Cell, Record, slope
from rich.progress import Progress
from suite import rows_of
from suite_tables import FORMS, SuiteFigures
from tables import Figures, page
from timed import ROWS
from whole_runs import RUNS, Whole
from workers import EVERY, Job, Sample

from gradcert_oracle import FORMATS as EVERY_FORMAT

SIZES = (10, 1000, 10_000)

PACE = {
    "floor": 1e-6,
    "oracle": 3e-6,
    "budgets": 2e-6,
    "log-softmax": 1e-6,
    "softmax-backward": 2e-6,
    "log-softmax-backward": 2e-6,
    "hvp": 4e-6,
    "dE/dt": 1e-6,
    "no options": 2e-6,
    "label smoothing": 3e-6,
    "class weights": 4e-6,
    "logit scale": 3e-6,
    "z-loss": 3e-6,
    "softcap": 8e-6,
    "gradcheck": 2e-3,
    "verdict": 5e-6,
    "verdict, 16 rows": 48e-6,
    "judge": 64e-6,
    "screened": 1e-6,
    "judged": 64e-6,
}
"""Seconds per class that a made-up machine takes. Subjects that are not here take one second."""


def _made_up(job: Job) -> list[Sample]:
    if job.measure == "bytes":
        return [Sample(n, "oracle", 400 * n) for n in job.classes]
    return [
        Sample(n, subject, PACE[subject] * n if subject in PACE else 1.0)
        for n in job.classes
        for subject in job.subjects
        if subject != "mpmath.diff" or n < 1000
    ]


def _limit_of(run: Whole) -> float:
    return 1.5 * run.limit if run.name == "jax" else run.limit / 2


@pytest.fixture(scope="module")
def record() -> Record:
    return bench(SIZES, ROUNDS, _made_up, _limit_of, Progress(disable=True))


def _changed(record: Record, subject: str, *factors: float) -> Record:
    """Return the record with the rounds of a subject multiplied by these factors in turn."""
    return msgspec.structs.replace(
        record,
        cells=tuple(
            msgspec.structs.replace(
                cell,
                seconds=tuple(
                    seconds * factors[nth % len(factors)]
                    for nth, seconds in enumerate(cell.seconds)
                ),
            )
            if cell.subject == subject
            else cell
            for cell in record.cells
        ),
    )


def _slower(record: Record, factor: float) -> Record:
    """Return the record with longer whole runs."""
    longer = (
        msgspec.structs.replace(run, seconds=tuple(factor * took for took in run.seconds))
        for run in record.runs
    )
    return msgspec.structs.replace(record, runs=tuple(longer))


def test_the_table_says_what_the_record_says(record: Record) -> None:
    text = page(record)
    assert "| 1,000 | 1.00 ms | 3.00 ms | 2.00 ms | 2.00 s | 1.00 s | 1.00 s | > 60 s |" in text
    assert "| 1,000 | 0.333 | 1.00 | 0.667 | 667 | 333 | 333 | - |" in text
    assert "| masked | binary32 | 10 | 30.0 us | 3.00 | 0.667 |" in text
    assert "| 10,000 | 3.81 | 400 |" in text
    assert record.processor in text
    assert all(f"{name} {version}" in text for name, version in record.versions.items())


def test_the_record_and_the_page_say_what_made_them_and_when(record: Record) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(record))
    assert kept["command"] == "make bench"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept["date"])
    assert f"Measured by `make bench` on {record.date}, on {record.processor}" in page(record)
    older = msgspec.structs.replace(record, date="", command="")
    assert f"Measured on {record.processor}" in page(older)


def test_the_tables_say_which_targets_hold_and_which_do_not(record: Record) -> None:
    assert [target.holds for target in Figures(record).targets] == [True] * 16
    slow = _changed(record, "oracle", 40.0)
    assert [target.holds for target in Figures(slow).targets] == [
        False, False, True, True, True, True, *[True] * 10,
    ]  # fmt: skip
    dear = Figures(_changed(record, "budgets", 2.0, 1.4, 9.0)).targets[3]
    assert (dear.measured, dear.holds) == ("1.33 (0.933 to 6.00), binary64, 10 classes", False)


def test_the_verdict_on_a_row_is_shown_with_and_without_its_part_of_the_judge(
    record: Record,
) -> None:
    # 5 us a class, and a 64th of 64 us; a 16th of 48 us.
    verdicts = "5.00 ms | 6.00 ms | 5.00 ms | 6.00 ms | 3.00 ms | 3.00 ms"
    text = page(record)
    assert f"| 1,000 | {verdicts} | 2.00 s | 1.00 s | 1.00 s |" in text
    assert "| palette | 10 | 400 | 20,000 | 20,000 |" in text
    assert "| distinct, on average | 1,000 | 333 | 167 | 167 |" in text
    assert SuiteFigures(record).times(FORMS[0], 17, "gradcheck") == "-"


def test_the_rows_a_second_have_their_part_of_the_judge(record: Record) -> None:
    # Made up: 1 us a class for all rows of the batch, and a 64th of 64 us.
    rows = rows_of(100)
    judged, screened = rows / (64e-6 * 100), rows / (2e-6 * 100)
    line = f"| bfloat16 | 100 | {judged:,.0f} | {screened:,.0f} | 32.0 |"
    assert line in page(record)
    found = [(speed.format, speed.classes) for speed in SuiteFigures(record).speeds]
    assert found == [(name, n) for name in EVERY_FORMAT for n in BATCH_SIZES]


def test_whole_runs_are_timed_with_the_peers_and_compared_with_their_limits(
    record: Record,
) -> None:
    assert [len(run.seconds) for run in record.runs] == [ROUNDS_OF_PEERS] * len(RUNS)
    text = page(record)
    assert "| numpy | 6.00 | 12.0 | 2.40 |" in text
    assert "| a run on numpy takes at most 12 s on one core | 6.00 s | yes |" in text
    assert "| a run on jax takes at most 40 s on one core | 60.0 s | **no** |" in text


def test_the_targets_of_the_suite_say_which_peer_is_faster_and_where(record: Record) -> None:
    targets = SuiteFigures(record).targets[:6]
    assert targets[0].claim == (
        "the verdict on a row takes less time than gradcheck, from 10 to 10,000 classes"
    )
    assert [target.holds for target in targets] == [True] * 6
    dear = SuiteFigures(_changed(record, "judge", 1e4)).targets[:6]
    assert [target.holds for target in dear] == [True] * 3 + [False] * 3
    assert dear[4].measured == "100, 10,000 classes"
    assert "on average" in dear[4].claim


def test_the_quantities_beside_the_gradient_have_targets_of_their_own(record: Record) -> None:
    assert "| binary32 | 1,000 | 1.00 | 2.00 | 2.00 | 4.00 | 1.00 |" in page(record)
    slow = Figures(_changed(_changed(record, "hvp", 1.1), "dE/dt", 2.1)).targets[6:11]
    assert [target.holds for target in slow] == [True, True, True, False, False]
    assert slow[3].claim == "at 10,000 classes hvp takes at most 4 times the floor"


def test_losses_with_options_have_targets_beside_the_plain_loss(record: Record) -> None:
    assert "| binary32 | 1,000 | 1.50 | 2.00 | 1.50 | 1.50 | 4.00 |" in page(record)
    slow = Figures(_changed(_changed(record, "softcap", 1.1), "z-loss", 1.4)).targets[11:]
    assert [target.holds for target in slow] == [True, True, True, False, False]
    assert slow[4].claim == "at 10,000 classes softcap takes at most 4 times the plain loss"


def test_a_run_of_old_has_no_suite(record: Record) -> None:
    before = {"floor", "oracle", "budgets", "gradcheck"}
    cells = tuple(cell for cell in record.cells if cell.subject in before)
    old = msgspec.structs.replace(record, cells=cells, runs=())
    read = msgspec.json.decode(msgspec.json.encode(old), type=Record)
    assert [target.holds for target in SuiteFigures(read).targets] == [None] * 6
    assert "from - to - classes" in page(read)
    assert list(moved(read, record)) == []
    unmeasured = _slower(record, 1.0)
    lost = (msgspec.structs.replace(run, seconds=()) for run in unmeasured.runs)
    none = msgspec.structs.replace(record, runs=tuple(lost))
    assert [target.holds for target in SuiteFigures(none).targets][6:] == [None] * len(RUNS)


def test_a_target_that_was_not_measured_neither_holds_nor_fails(record: Record) -> None:
    lost = msgspec.structs.replace(
        record,
        memory=(),
        cells=tuple(
            msgspec.structs.replace(cell, seconds=()) if cell.subject == "gradcheck" else cell
            for cell in record.cells
        ),
    )
    holds = [target.holds for target in Figures(lost).targets]
    assert holds == [True, None, None, True, True, None, *[True] * 10]
    assert "| - | - |" in page(lost)


@pytest.mark.parametrize("power", [0.5, 1.0, 1.7, 2.0])
def test_the_slope_of_a_power_law_is_its_power(power: float) -> None:
    assert slope([(n, 7 * n**power) for n in SIZES]) == pytest.approx(power)


def test_what_grows_faster_than_the_classes_is_not_linear(record: Record) -> None:
    curved = msgspec.structs.replace(
        record,
        cells=tuple(
            msgspec.structs.replace(
                cell, seconds=tuple(cell.classes**0.2 * s for s in cell.seconds)
            )
            for cell in record.cells
        ),
    )
    time = Figures(curved).targets[4]
    assert (time.measured, time.holds) == ("1.200, from 1,000", False)


NOISE = 0.95, 1.0, 1.05


def test_a_slowdown_is_reported_only_if_it_is_beyond_the_noise_of_both_runs(
    record: Record,
) -> None:
    old = _changed(record, "oracle", *NOISE)
    within = _changed(old, "oracle", 1.15)
    assert list(moved(old, within)) == []
    beyond = list(moved(old, _changed(old, "oracle", 1.3)))
    assert len(beyond) == len(ROWS) * len(FORMATS) * len(SIZES)
    assert beyond[0] == (
        "oracle, benign, binary64, 10 classes: slower by 30 %, 3.90 times the floor instead of 3.00"
    )
    faster = list(moved(old, _changed(old, "oracle", 0.5)))
    assert "faster by 50 %" in faster[0]


def test_the_speed_of_the_machine_is_no_news(record: Record) -> None:
    twice = _slower(record, 2.0)
    for subject in EVERY:
        twice = _changed(twice, subject, 2.0)
    assert list(moved(record, twice)) == []


def test_nothing_is_said_to_have_moved_that_was_measured_only_once(record: Record) -> None:
    once = [cell for cell in record.cells if cell.subject == "gradcheck" and len(cell.seconds) == 1]
    assert [cell.classes for cell in once] == [10_000]
    lines = list(moved(record, _changed(record, "gradcheck", 5.0)))
    assert [line.partition(":")[0] for line in lines] == [
        "gradcheck, benign, binary64, 10 classes",
        "gradcheck, benign, binary64, 1,000 classes",
    ]


def test_a_longer_run_is_news(record: Record) -> None:
    lines = [f"a run on {run.name}: slower by 50 %" for run in RUNS]
    assert list(moved(record, _slower(record, 1.5))) == lines


def test_more_memory_is_news(record: Record) -> None:
    more = msgspec.structs.replace(
        record,
        memory=tuple(
            msgspec.structs.replace(memory, grown=tuple(2 * x for x in memory.grown))
            for memory in record.memory
        ),
    )
    assert list(moved(record, more)) == [
        "memory, 1,000 classes: 0.763 MiB instead of 0.381",
        "memory, 10,000 classes: 7.63 MiB instead of 3.81",
    ]


def test_a_run_says_with_what_it_was_compared(record: Record) -> None:
    assert "no run is committed" in next(news(None, record))
    assert list(news(record, record)) == [
        "nothing moved by more than the noise since the committed run"
    ]
    elsewhere = msgspec.structs.replace(record, processor="an abacus")
    assert "another processor, an abacus" in next(news(elsewhere, record))


def test_a_record_is_read_back_as_it_was_written(record: Record) -> None:
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


def test_a_run_is_compared_with_the_committed_one_and_not_with_the_file_that_lies_there(
    monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    def show(command: list[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        assert command == ["git", "show", "HEAD:reports/published/benchmarks.json"]
        return subprocess.CompletedProcess(command, 0, msgspec.json.encode(record), b"")

    monkeypatch.setattr(subprocess, "run", show)
    assert benchmark.committed() == record


def test_a_cell_that_is_not_there_has_no_ratio(record: Record) -> None:
    assert record.ratio("benign", "binary64", 7, "oracle", "floor") is None
    assert record.ratios(Cell("benign", "binary64", 7, "oracle", (1.0,)), "floor") == ()
