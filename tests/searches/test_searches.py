"""What ``make searches`` does: two searches of each built-in, and a page with all of them."""

from pathlib import Path

import pytest
import typer

import searches
from gradcert.campaign.crew import code


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let one built-in be searched for a moment, in another folder."""
    few = ["--exhaustive", "--format", "half", "--largest-logit", "1e-6", "--quantity", "loss"]
    changed = {
        "ROOT": tmp_path,
        "FOLDERS": tmp_path / ".searches",
        "PUBLISHED": tmp_path / "searches.md",
        "BUILT_IN": ("numpy",),
        "EXHAUSTIVE": few,
    }
    for name, value in changed.items():
        monkeypatch.setattr(searches, name, value)
    return tmp_path


def test_each_built_in_is_searched_twice_and_the_page_says_what_was_found(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    searches.main(hours=1e-4)  # The time is up before the workers have started.
    page = (tiny / "searches.md").read_text()
    assert page.startswith(searches.HEAD)
    assert page.count("\n## numpy: ") == 2
    assert "\n## numpy: no row is wrong among 68." in page
    assert "| loss-binary16 | 68 | " in page
    assert "logits (d, 0) for every d of binary16" in page
    assert "| dE/dz-binary32 | 0 | 0 seconds | - | - |  |" in page
    into = f".searches/numpy-drawn-{code()}"
    assert f"`gradcert search numpy --hours 0.0001 --into {into}` ran for" in page
    assert f"with gradcert 0.1.0+{code()}, " in page
    assert "Traceback" not in capsys.readouterr().err


def test_a_search_that_is_not_complete_is_not_published(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "EXHAUSTIVE", [*searches.EXHAUSTIVE, "--hours", "1e-9"])
    with pytest.raises(typer.Exit) as ended:
        searches.main()
    assert ended.value.exit_code == 3
    assert not (tiny / "searches.md").exists()


def test_a_search_that_cannot_begin_ends_it_and_no_page_is_written(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "EXHAUSTIVE", ["--hours", "0"])
    with pytest.raises(typer.Exit) as ended:
        searches.main()
    assert ended.value.exit_code == 2
    assert not (tiny / "searches.md").exists()
