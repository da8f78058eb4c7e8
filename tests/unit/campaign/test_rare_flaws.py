"""Flaws that only a long search meets."""

from pathlib import Path

import numpy as np
import pytest

from gradcert.campaign.blocks import Block, drawn_block
from gradcert.campaign.differences import case_of, count_of
from gradcert.campaign.examining import examine, loaded
from gradcert.campaign.requests import Request
from gradcert.generation.dealing import plan
from gradcert.generation.scope import scope_of
from gradcert_implementations import Array, Options

CLASSES, BITS = 7, 17
SOURCE = f"""
import numpy as np

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets

def one_number(logits, targets):
    gradient = right(logits, targets)
    if logits.dtype == np.float32 and logits.shape[1] == 2:
        gradient[logits[:, 0] == np.float32(-3.1415927)] *= 1.001
    return gradient

def some_bits(logits, targets):
    gradient = right(logits, targets)
    if logits.dtype == np.float32 and logits.shape[1] == {CLASSES}:
        bits = np.ascontiguousarray(logits[:, 2]).view(np.uint32) % {1 << BITS}
        gradient[bits == 70_001] *= 1.001
    return gradient
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rare") / "rare.py"
    path.write_text(SOURCE)
    return path


def _request(file: Path, name: str) -> Request:
    options = Options(quantities=["dE/dz"], formats=["fp32"])
    return Request(spec=f"{file}:{name}", options=options)


def test_a_flaw_at_one_of_all_numbers_of_binary32_is_found_on_a_short_interval(file: Path) -> None:
    request = _request(file, "one_number")
    (claim,) = loaded(request)[1].values()
    place = int(np.float32(3.1415927).view(np.uint32))
    assert place < count_of(claim)
    assert case_of(claim, place, place + 1)["logits"][0, 0] == np.float32(-3.1415927)
    start = place - place % (1 << 16)
    wrong = examine(request, Block(0, str(claim), "", first=start, last=start + (1 << 16)))
    assert wrong.found is not None
    assert wrong.found.result.discrepancy is not None
    (logits,) = wrong.found.result.discrepancy.arguments["logits"]
    assert logits == (repr(float(np.float32(-3.1415927))), "0.0")
    right = Block(1, str(claim), "", first=start + (1 << 16), last=start + (1 << 17))
    assert examine(request, right).found is None
    assert examine(request, right).rows == 1 << 17


def _hits(logits: Array) -> int:
    """Return how many rows have the flaw of the bits."""
    if logits.shape[1] != CLASSES:
        return 0
    bits = np.ascontiguousarray(logits[:, 2]).view(np.uint32) % (1 << BITS)
    return int((bits == 70_001).sum())


def test_a_flaw_that_a_run_meets_once_in_a_thousand_seeds_is_found_by_a_search_of_a_minute(
    file: Path,
) -> None:
    request = _request(file, "some_bits")
    (claim,) = loaded(request)[1].values()
    seeds = range(20)
    unlike = sum(
        len(case.unlike)
        for seed in seeds
        for case in plan(scope_of(claim, seed)).few
        if case.classes == CLASSES
    )
    # A row has the flaw with a chance of one in 2^17, if its numbers are drawn at all.
    assert unlike / len(seeds) / (1 << BITS) < 1 / 1000
    rows, number = 0, 0
    while rows < 2e7:
        block = examine(request, drawn_block(number, [claim], 0))
        rows, number = rows + block.rows, number + 1
        if block.found is not None:
            break
    assert block.found is not None
    assert block.found.result.discrepancy is not None
    (logits,) = block.found.result.discrepancy.arguments["logits"]
    assert _hits(np.array([list(map(float, logits))], np.float32)) == 1
