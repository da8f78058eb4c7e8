"""The folder of a search: nothing that is done is lost, and nothing counts twice."""

from pathlib import Path

import pytest

from gradcert.campaign.journal import Journal, OtherSearch, Started
from gradcert.campaign.requests import Request
from gradcert.core.limits import Limits
from gradcert_implementations import Options
from gradcert_reports.searches.records import SearchedBlock

STARTED = Started(
    request=Request(
        spec="numpy",
        options=Options(
            quantities=["loss"],
            formats=["fp16"],
            loss=["label_smoothing=0.1", "class_weights=1,2"],
            domain=["classes=2"],
        ),
        limits=Limits(seconds=3),
        seed=5,
    ),
    command="gradcert search numpy",
    date="2026-11-26",
    versions={"numpy": "2"},
    rows=1e6,
)


def _block(number: int) -> SearchedBlock:
    return SearchedBlock(number=number, claim="loss-binary16", part="plan", rows=3, seconds=0.5)


def _filled(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.begin(STARTED)
    for number in (1, 0, 2):
        journal.add(10.0 + number, _block(number))
    return journal


def test_a_search_is_read_as_it_was_written(tmp_path: Path) -> None:
    lines = _filled(tmp_path).lines
    again = Journal(tmp_path)
    assert again.started == STARTED
    assert again.lines == lines
    assert again.seconds == 12.0


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_last_line_that_was_cut_short_does_not_count_and_the_next_one_does(
    tmp_path: Path, cut: int
) -> None:
    _filled(tmp_path)
    file = tmp_path / "blocks.jsonl"
    content = file.read_bytes()[:-cut]
    file.write_bytes(content)
    journal = Journal(tmp_path)
    assert [line.block.number for line in journal.lines] == [1, 0]
    assert file.read_bytes() == content, "a reader wrote"
    journal.begin(STARTED)
    journal.add(20.0, _block(7))
    assert [line.block.number for line in Journal(tmp_path).lines] == [1, 0, 7]


def test_a_block_that_was_written_twice_counts_once(tmp_path: Path) -> None:
    _filled(tmp_path).add(13.0, _block(0))
    assert [line.block.number for line in Journal(tmp_path).lines] == [1, 0, 2]


@pytest.mark.parametrize("content", ["", "no JSON", '{"request": 3}'])
def test_a_folder_that_cannot_be_read_is_another_search(tmp_path: Path, content: str) -> None:
    (tmp_path / "started.json").write_text(content)
    with pytest.raises(OtherSearch, match="holds no search that can be read"):
        Journal(tmp_path)
