"""A folder with a file of hostile functions, which is the current one."""

from pathlib import Path

import pytest
from hostile_subjects import HOSTILE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hostile.py").write_text(HOSTILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path
