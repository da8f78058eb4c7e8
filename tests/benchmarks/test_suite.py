"""What is timed of the suite decides rows as the suite does, and always does the same work."""

import subprocess
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import suite
import whole_runs
from suite import BATCH, SUITE, TOGETHER, VERDICT, claim_of, rows_of
from timed import case
from whole_runs import RUNS

from gradcert.core.evidence import AcceptedRows, JudgedRow
from gradcert_oracle import BINARY64, FORMATS, Format, Judgement


def test_the_verdict_is_that_of_the_check_of_accuracy() -> None:
    (accepted,) = SUITE["verdict"](case("palette", BINARY64, 100))()
    assert isinstance(accepted, AcceptedRows)
    (judged,) = SUITE["verdict"](case("palette", BINARY64, 10))()
    assert isinstance(judged, JudgedRow)  # Few values are not screened.
    (accepted,) = SUITE["verdict, 16 rows"](case("distinct", BINARY64, 100))()
    assert len(accepted.rows) == TOGETHER


def test_no_row_that_is_timed_is_in_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []

    def drawn(accepted: Any, _: object) -> Any:
        seeds.append(len(accepted))
        return np.full(len(accepted), len(seeds) < 3)

    monkeypatch.setattr(suite, "drawn_sample", drawn)
    SUITE["verdict"](case("palette", BINARY64, 100))
    assert seeds == [1, 1, 1]


@pytest.mark.parametrize("subject", ["judge", "verdict"])
def test_the_judge_of_a_row_remembers_nothing(subject: str) -> None:
    run = SUITE[subject](case("distinct", BINARY64, 10))
    first = run()
    assert suite._enclose.cache_info().misses == 1
    assert run() == first
    assert suite._enclose.cache_info().misses == 1  # It is counted from the last time it forgot.


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_a_right_gradient_is_accepted_and_judged_in_every_format(format: Format) -> None:
    row = case("batch", format, 100)
    judged: Sequence[Judgement] = SUITE["judged"](row)()
    assert len(judged) == rows_of(100)
    assert all(judgement.algorithm for judgement in judged)
    assert len(SUITE["screened"](row)()) < len(judged) / 50


def test_the_rows_of_a_batch_have_the_same_numbers_in_another_order() -> None:
    row = case("palette", BINARY64, 100)
    drawn = suite._drawn(row, 8)
    assert {tuple(sorted(z)) for z in drawn["logits"].tolist()} == {tuple(sorted(row.logits))}
    assert len({tuple(z) for z in drawn["logits"].tolist()}) == 8
    assert len(set(row.logits)) <= 24
    assert len(set(case("distinct", BINARY64, 100).logits)) == 100
    assert (drawn["targets"].sum(axis=1) == 1).all()


def test_every_subject_of_the_suite_is_in_a_job() -> None:
    timed = {subject for together in VERDICT for subject in together}
    assert timed | {*BATCH} == {"floor", *SUITE}


def test_claims_are_of_the_format_that_is_asked() -> None:
    for format in FORMATS.values():
        assert claim_of(format).format is format


def test_a_whole_run_is_the_command_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(command: list[object], **options: object) -> "subprocess.CompletedProcess[bytes]":
        asked.append((list(map(str, command)), options["preexec_fn"]))
        return subprocess.CompletedProcess(command, code, b"refuted", b"")

    code = 0
    monkeypatch.setattr(subprocess, "run", run)
    assert whole_runs.seconds(RUNS[0]) > 0
    ((_, verb, spec), before) = asked[0]
    assert verb == "certify"
    assert spec.endswith("plain_function.py:gradient")
    assert before is whole_runs._on_one_core
    code = 1
    with pytest.raises(RuntimeError, match=f"{RUNS[1].name} ended with 1:\nrefuted"):
        whole_runs.seconds(RUNS[1])
