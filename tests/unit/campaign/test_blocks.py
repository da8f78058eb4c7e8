"""What a block examines is a pure function of its number, and what counts of no order."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from subjects import RIGHT_SOURCE

from gradcert.campaign import examining
from gradcert.campaign.blocks import PLAN, Block, drawn_block, exhaustive_blocks
from gradcert.campaign.counting import Counting
from gradcert.campaign.differences import case_of, count_of, reason_against
from gradcert.campaign.examining import examine
from gradcert.campaign.regimes import drawn, regimes_of
from gradcert.campaign.requests import Request
from gradcert.campaign.summary import of_claims
from gradcert.checks.accuracy import judged_rows
from gradcert.core.claim import Claim, claims_of
from gradcert_implementations import Options, load
from gradcert_oracle import levels
from gradcert_reports import CheckResult, Verdict
from gradcert_reports.searches.records import Found, SearchedBlock

FORMATS = ("binary64", "binary32", "binary16", "bfloat16")
LAST = 40


def _claims(**options: Sequence[str]) -> list[Claim]:
    return list(claims_of(load("numpy", **options)))


def _found(claim: str) -> Found:
    quantity, _, format = claim.rpartition("-")
    return Found(
        result=CheckResult(
            check="accuracy",
            quantity=quantity,
            format=format,
            verdict=Verdict.REFUTED,
            examples=1,
        )
    )


def _done(block: Block, *, wrong: bool = False) -> SearchedBlock:
    found = _found(block.claim) if wrong else None
    return SearchedBlock(
        number=block.number,
        claim=block.claim,
        part=block.part,
        rows=10 + block.number,
        seconds=1.0,
        found=found,
    )


def _two_claims(number: int) -> Block | None:
    return Block(number, ("a-b", "c-d")[number % 2], PLAN) if number < LAST else None


@pytest.mark.parametrize("wanted", [None, 300.0])
@pytest.mark.parametrize("refuting", [(), (7, 11), (6, 7, 8)])
def test_what_counts_does_not_depend_on_the_order_in_which_blocks_are_done(
    wanted: float | None, refuting: tuple[int, ...]
) -> None:
    outcomes = set()
    for seed in range(20):
        shuffled, counting = random.Random(seed), Counting(_two_claims, 2, wanted)
        under_way: list[Block] = []
        while not counting.complete:
            coming = (block for block in counting.left() if block not in under_way)
            under_way += [block for block, _ in zip(coming, range(4), strict=False)]
            if not under_way:
                break
            block = under_way.pop(shuffled.randrange(len(under_way)))
            counting.add(_done(block, wrong=block.number in refuting))
        assert counting.complete
        outcomes.add(tuple(block.number for block in counting.counted))
    assert len(outcomes) == 1
    (counted,) = outcomes
    assert counted


def test_a_search_in_which_every_claim_is_refuted_is_complete() -> None:
    counting = Counting(_two_claims, 2, 1e9)
    for number in (0, 1):
        block = _two_claims(number)
        assert block is not None
        counting.add(_done(block, wrong=True))
    assert counting.complete
    assert list(counting.left()) == []


def test_every_claim_and_part_comes_once_before_one_comes_again() -> None:
    claims = _claims(quantities=["softmax", "do/dz"], formats=["binary32"])
    blocks = [drawn_block(number, claims, 3) for number in range(198, 216)]
    parts = [(block.claim, block.part) for block in blocks]
    assert parts[:9] == parts[9:]
    assert len(set(parts)) == 9
    assert {("do/dz-binary32", PLAN), ("softmax-binary32", PLAN)} <= set(parts)
    assert len({block.seed for block in blocks}) == 2
    other = {drawn_block(number, claims, 4).seed for number in range(216)}
    assert other.isdisjoint(drawn_block(number, claims, 3).seed for number in range(216))


def test_exhaustive_blocks_have_every_difference_once() -> None:
    claims = _claims(quantities=["softmax", "loss"], formats=["binary16", "bfloat16"])
    blocks = exhaustive_blocks(claims)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    for claim in claims:
        own = [block for block in blocks if block.claim == str(claim)]
        assert [block.first for block in own[1:]] == [block.last for block in own[:-1]]
        assert (own[0].first, own[-1].last) == (0, count_of(claim))
        d = case_of(claim, 0, count_of(claim))["logits"][:, 0]
        numbers, times = np.unique(d.view(np.uint16), return_counts=True)
        assert set(times.tolist()) == {len(d) // len(numbers)}
        largest = claim.implementation.domain.largest_logit
        with np.errstate(invalid="ignore"):
            every = np.arange(1 << 16, dtype=np.uint16).view(claim.format.dtype)
            inside = np.abs(every.astype(np.float64)) <= largest
        assert set(numbers.tolist()) == set(np.flatnonzero(inside).tolist())


@pytest.mark.parametrize(("quantity", "rows"), [("softmax", 1), ("dE/dz", 2), ("hvp", 4)])
def test_a_claim_is_exhaustive_only_if_every_row_was_compared(quantity: str, rows: int) -> None:
    claims = _claims(quantities=[quantity], formats=["bfloat16"])
    blocks = exhaustive_blocks(claims)
    done = [replace(_done(block), rows=rows * (block.last - block.first)) for block in blocks]
    (claim,) = of_claims(claims, done, blocks)
    assert claim.exhaustive
    (claim,) = of_claims(claims, done[:-1], blocks)
    assert not claim.exhaustive
    (claim,) = of_claims(claims, [*done[:-1], replace(done[-1], rows=1)], blocks)
    assert not claim.exhaustive


def test_binary32_is_tried_from_the_cut_off_of_exp_to_zero() -> None:
    (claim,) = _claims(quantities=["softmax"], formats=["binary32"])
    lowest = case_of(claim, count_of(claim) - 1, count_of(claim))["logits"][0, 0]
    assert np.exp(np.float64(lowest)) < 2.0**-150
    assert case_of(claim, 0, 1)["logits"].tolist() == [[0.0, 0.0]]
    blocks = exhaustive_blocks([claim])
    assert (blocks[0].first, blocks[-1].last) == (0, count_of(claim))
    assert [block.first for block in blocks[1:]] == [block.last for block in blocks[:-1]]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"quantities": ["softmax"], "formats": ["binary64"]}, "too many numbers"),
        ({"quantities": ["do/dz"], "formats": ["binary16"]}, "no function of two logits"),
        ({"quantities": ["dE/do"], "formats": ["binary16"]}, "no function of two logits"),
        (
            {"quantities": ["loss"], "formats": ["binary16"], "loss": ["reduction=sum"]},
            "one value for all rows",
        ),
        (
            {"quantities": ["loss"], "formats": ["binary16"], "domain": ["classes=5"]},
            "no rows of two classes",
        ),
    ],
)
def test_what_cannot_be_tried_without_exception_is_left_out_with_the_reason(
    options: dict[str, Sequence[str]], reason: str
) -> None:
    (claim,) = _claims(**options)
    assert reason in reason_against(claim)
    assert exhaustive_blocks([claim]) == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("targets", ["index", "probability", "any", "signed"])
def test_drawn_rows_are_in_the_domain_and_right_answers_to_them_pass(
    format: str, targets: str
) -> None:
    subject = load("numpy", formats=[format], targets=targets)
    for claim in claims_of(subject):
        for shape in regimes_of(claim):
            case = drawn(claim, shape, np.random.default_rng(1))
            point, weights = (case[name].astype(np.float64) for name in (claim.point, "targets"))
            visible = point > -np.inf
            assert visible.any(axis=1).all()
            assert (np.abs(point[visible]) <= subject.domain.largest_logit).all()
            assert not weights[~visible].any()
            if targets in ("index", "probability"):
                assert (weights.sum(axis=1) == 1).all()
            rows = np.arange(min(case.rows, 200))
            few = case.of_rows(rows)
            assert judged_rows(claim, few, claim.answer(few), rows)


def test_a_block_finds_the_same_again() -> None:
    request = Request(spec="torch", options=Options(quantities=["dE/dz"], formats=["binary32"]))
    block = Block(5, "dE/dz-binary32", "benign", seed=2)
    one, two = (replace(examine(request, block), seconds=0.0) for _ in range(2))
    assert one == two
    assert one.rows > 10_000
    assert one.worst is not None
    assert one.bound > one.worst.bound
    assert set(one.worst.arguments) == {"logits", "targets", "upstream"}
    assert one.worst.returned


def test_a_block_says_no_row_is_worse_than_what_the_oracle_finds_on_any_of_them() -> None:
    (claim,) = _claims(quantities=["dE/dz"], formats=["binary32"])
    request = Request(spec="numpy", options=Options(quantities=["dE/dz"], formats=["binary32"]))
    block = examine(request, Block(0, "dE/dz-binary32", "confident", seed=1))
    case = drawn(claim, "confident", np.random.default_rng([1, 0]))
    answer, rows = claim.answer(case), np.arange(0, case.rows, max(1, case.rows // 50))
    every = levels(claim.format)
    for found in judged_rows(claim, case, answer, rows, one_in=1):
        judgement = getattr(found, "judgement", None)
        if judgement is not None:
            assert (every.index(judgement.algorithm), judgement.used) <= (
                block.bound.rank,
                block.bound.budgets,
            )


def test_a_subject_that_breaks_on_one_row_is_broken_and_ends_no_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    squeezed = "def squeezed(logits, targets): return right(logits, targets).squeeze()"
    (tmp_path / "squeezing.py").write_text(f"{RIGHT_SOURCE}\n{squeezed}\n")
    request = Request(spec="squeezing.py:squeezed", options=Options(formats=["binary32"]))
    found = examine(request, Block(0, "dE/dz-binary32", "benign", seed=1)).found
    assert found is not None
    assert found.result.verdict == "broken"


TWICE = """
import torch
class Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, targets):
        ctx.save_for_backward(torch.softmax(logits, 1) - targets)
        ctx.times = 0
        return -(targets * torch.log_softmax(logits, 1)).sum(1)

    @staticmethod
    def backward(ctx, upstream):
        ctx.times += 1
        return WHAT * ctx.saved_tensors[0] * upstream[:, None], None

loss = Loss.apply
"""


@pytest.mark.parametrize(
    ("part", "factor", "verdict"),
    [
        (PLAN, "ctx.times", "refuted"),
        ("benign", "ctx.times", "refuted"),
        ("benign", "1", None),
        ("benign", "1 / (2 - ctx.times)", "broken"),
    ],
)
def test_a_second_backward_is_examined_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    factor: str,
    verdict: str | None,
) -> None:
    monkeypatch.setattr(examining, "_BATCHES", 1)
    (tmp_path / "twice.py").write_text(TWICE.replace("WHAT", factor))
    options = Options(quantities=["dE/dz"], formats=["binary32"], domain=["classes=3"])
    request = Request(spec=f"torch:{tmp_path}/twice.py:loss", options=options)
    block = examine(request, Block(0, "dE/dz-binary32", part, seed=1))
    assert (block.found and block.found.result.verdict) == verdict
    if block.found is not None:
        assert block.found.result.check == "second-backward"
    assert block.rows > 100
