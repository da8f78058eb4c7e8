"""All subjects do the same work on the same rows, and none may take too long."""

import signal
import subprocess
from collections.abc import Callable, Sequence
from math import inf

import msgspec
import numpy as np
import pytest
import workers
from benchmark import ROUNDS_OF_PEERS, jobs
from flint import ctx
from suite import BATCH, VERDICT
from timed import (
    ENCLOSED,
    OURS,
    PEERS,
    ROWS,
    SUBJECTS,
    UNDER,
    case,
    jax_loss,
    mpmath_gradient,
    torch_loss,
    working_precision,
)
from workers import LIMIT, SLOW, Job, Sample

from gradcert_oracle import BINARY32, BINARY64, enclose, question
from gradcert_oracle.definitions import Shares, shares

SIZES = (10, 1000, 10_000)


def test_all_subjects_find_the_same_gradient() -> None:
    import jax
    import torch

    drawn = case("benign", BINARY64, 6)
    asked = question("dE/dz", drawn.logits, drawn.targets, format=BINARY64)
    wanted = list(map(float, enclose(asked)))
    loss, logits = torch_loss(drawn)
    (gradient,) = torch.autograd.grad(loss(logits), logits)
    np.testing.assert_allclose(gradient.numpy(), wanted, atol=1e-15)
    loss, logits = jax_loss(drawn)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.grad(loss)(logits), wanted, atol=1e-15)
    found = mpmath_gradient(drawn)()
    np.testing.assert_allclose(list(map(float, found)), wanted, atol=1e-15)


@pytest.mark.parametrize("peer", ["gradcheck", "gradcheck, fast", "check_grads"])
def test_a_check_of_gradients_finds_a_right_one_right(peer: str) -> None:
    assert SUBJECTS[peer](case("benign", BINARY64, 6))() in (True, None)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("subject", OURS)
def test_the_oracle_and_its_parts_run_on_every_row_and_remember_nothing(
    subject: str, row: str
) -> None:
    run = SUBJECTS[subject](case(row, BINARY32, 6))
    first = run()
    assert first is not None
    assert run() is not first


def test_on_the_benign_row_the_oracle_works_with_the_precision_of_the_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def watched(z: Sequence[float], counts: Sequence[int]) -> Shares:
        seen.append(ctx.prec)
        return shares(z, counts)

    monkeypatch.setattr("gradcert_oracle.quantities.gradient.shares", watched)
    SUBJECTS["oracle"](case("benign", BINARY64, 100))()
    assert seen == [working_precision(BINARY64)]


@pytest.mark.parametrize("row", ROWS)
def test_rows_have_numbers_of_their_format_and_are_always_the_same(row: str) -> None:
    drawn = case(row, BINARY32, 100)
    assert drawn == case(row, BINARY32, 100)
    assert all(float(np.float32(x)) == x for x in drawn.logits)
    assert sum(x == -inf for x in drawn.logits) == (50 if row == "masked" else 0)
    assert all(x > -inf for x, target in zip(drawn.logits, drawn.targets, strict=True) if target)


def test_peers_run_in_the_first_rounds_and_slow_ones_only_in_the_first() -> None:
    first = {job.subjects[0] for job in jobs(0, {}, SIZES)}
    ours = {"floor", "oracle", "no options", "verdict", "verdict, 16 rows", "judge"}
    assert first == {*ours, *PEERS}
    taken = {
        ("benign", "binary64", 10, "gradcheck"): [0.1],
        ("benign", "binary64", 1000, "gradcheck"): [SLOW + 1],
        ("benign", "binary64", 10_000, "gradcheck"): [],
    }
    again = {job.subjects: job.classes for job in jobs(1, taken, SIZES)}
    assert again["gradcheck",] == (10,)
    of_ours = {OURS, *VERDICT, ("floor", *BATCH), ("floor", *ENCLOSED), (*UNDER,)}
    assert {job.subjects for job in jobs(ROUNDS_OF_PEERS, {}, SIZES)} == of_ours


def test_a_size_that_would_take_more_than_the_limit_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    cubic = iter([[0.001], [1.0], [LIMIT * 10.0]])
    monkeypatch.setattr(workers, "timings", lambda _: next(cubic))
    workers.work(Job("seconds", "benign", "binary64", (10, 100, 1000), ("floor",)))
    lines = capfdbinary.readouterr().out.splitlines()
    assert [msgspec.json.decode(line, type=Sample).classes for line in lines] == [10, 100]


def test_a_sample_without_a_line_when_the_alarm_goes_off_is_past_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample, status = Sample(10, "gradcheck", 0.5), -signal.SIGALRM

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        said = msgspec.json.encode(sample) + b"\n"
        return subprocess.CompletedProcess(command, status, said, b"no memory")

    monkeypatch.setattr(subprocess, "run", run)
    job = Job("seconds", "benign", "binary64", (10, 100), ("gradcheck",))
    assert workers.samples(job) == [sample]
    status = 1
    with pytest.raises(RuntimeError, match="ended with 1:\nno memory"):
        workers.samples(job)


def test_subjects_take_turns_and_the_least_of_a_round_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    seconds = iter([0.3, 0.9, 0.1, 0.15])

    def timed(run: Callable[[], object]) -> float:
        asked.append(run)
        return next(seconds)

    monkeypatch.setattr(workers, "_timed", timed)
    assert workers.timings([_one, _other]) == [0.1, 0.15]
    assert asked == [_one, _other] * 2
    monkeypatch.setattr(workers, "_timed", lambda _: SLOW + 1)
    assert workers.timings([_one]) == [SLOW + 1]


def _one() -> None: ...


def _other() -> None: ...


def test_a_job_is_done_in_a_process_of_its_own() -> None:
    (sample,) = workers.samples(Job("bytes", "benign", "binary64", (20_000,), ("oracle",)))
    assert (sample.classes, sample.subject) == (20_000, "oracle")
    assert sample.value > 20_000
