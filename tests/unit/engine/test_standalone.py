"""The script beside a discrepancy needs no gradcert: it fails on the wrong and passes on the right.

Each subject is certified from a file. Its script runs where gradcert cannot be imported, and again
after the file has been mended.
"""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from standalone_subjects import SOURCES, SUBJECTS, Subject
from subjects import BY_ID, checked, flipped, right

from gradcert.api import subject_of
from gradcert.core.claim import claims_of
from gradcert.core.limits import Limits
from gradcert.core.settings import Effort, SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert_implementations import Options
from gradcert_reports import Discrepancy

WITHOUT = """
import json
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("gradcert"):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Absent())
sys.path.insert(0, "")
ends = []
for script in json.load(sys.stdin):
    sys.modules.pop("mine", None)
    try:
        exec(compile(script, "script", "exec"), {})
        ends.append("")
    except BaseException as error:
        ends.append(f"{type(error).__name__}: {error}")
json.dump(ends, sys.stderr)
"""


def _write(folder: Path, source: str, sign: int) -> None:
    (folder / "mine.py").write_text(SOURCES[source].replace("SIGN", f"({sign})"))


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """Make a folder the current one. Its modules are forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        yield
        sys.modules.pop("mine", None)


def _discrepancy(subject: Subject, limits: Limits | None = None) -> Discrepancy:
    """Return what one check finds in the last quantity that is claimed."""
    options = Options(**{"formats": ["binary32"], **subject.options})
    *_, claim = claims_of(subject_of(subject.spec, options, limits=limits))
    check = BY_ID[subject.check]
    settings = SearchSettings(max_examples=20, seed=0, effort=Effort.QUICK)
    found = result_of(claim, check, run_check(claim, check, settings)).discrepancy
    assert found is not None
    return found


def _ends(scripts: list[str], folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-B", "-c", WITHOUT],
        input=json.dumps(scripts),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    ends: list[str] = json.loads(done.stderr.splitlines()[-1])
    return ends


@dataclass(frozen=True)
class Ran:
    """A script, and how it ends before and after its subject is mended; empty where it passes."""

    script: str
    wrong: str
    right: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """All subjects by name. One process runs all scripts of a source, because imports take long."""
    found = {}
    for source in SOURCES:
        folder = tmp_path_factory.mktemp(source)
        subjects = [subject for subject in SUBJECTS if subject.source == source]
        _write(folder, source, -1)
        with _in_folder(folder):
            scripts = [_discrepancy(subject).standalone for subject in subjects]
        wrong = _ends(scripts, folder)
        _write(folder, source, 1)
        each = zip(scripts, wrong, _ends(scripts, folder), strict=True)
        found |= {str(subject): Ran(*ends) for subject, ends in zip(subjects, each, strict=True)}
    return found


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_a_script_without_gradcert_fails_on_the_wrong_subject_and_passes_on_the_right_one(
    subject: Subject, ran: dict[str, Ran]
) -> None:
    one = ran[str(subject)]
    assert one.script, "there is none"
    assert one.wrong.startswith(subject.error), f"{one.script}\n\n{one.wrong}"
    assert one.right == "", f"{one.script}\n\n{one.right}"


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_a_script_is_short_and_says_what_is_wrong_and_the_version_of_the_library(
    subject: Subject, ran: dict[str, Ran]
) -> None:
    first, second, *others = ran[str(subject)].script.splitlines()
    assert subject.statement in first
    assert second.startswith(f"# Python {platform.python_version()}")
    assert len(others) < 30
    assert not any("gradcert" in line for line in others)


def test_the_script_of_an_isolated_subject_is_the_same(tmp_path: Path) -> None:
    subject = next(one for one in SUBJECTS if one.spec.endswith(":Smoothed('sum')"))
    _write(tmp_path, subject.source, -1)
    with _in_folder(tmp_path):
        inside, isolated = (_discrepancy(subject, limits) for limits in (None, Limits()))
    assert inside.standalone == isolated.standalone != ""


def test_the_reader_fills_in_a_function_that_has_no_spec() -> None:
    found = checked("accuracy", lambda z, t: t - right(z, t) - t).discrepancy
    assert found is not None
    assert "f = ...  # <lambda>" in found.standalone
    for function, wrong in ((right, False), (flipped, True)):
        script = found.standalone.replace("f = ...", "f = subject")
        names = {"subject": function}
        with pytest.raises(AssertionError) if wrong else nullcontext():
            exec(script, names)


MORE = """
from gradcert_implementations import Implementation

mine = Implementation(name="mine", functions={"dE/dz": lambda z, t: z - t})
calls = []

def talking(logits, targets):
    print("debug")
    return logits

def counting(logits, targets):
    calls.append(logits)
    return logits * 0 + len(calls) % 2
"""


@pytest.mark.parametrize(
    ("spec", "check", "options"),
    [
        ("sign-flipped", "accuracy", {}),
        ("mine.py:mine", "accuracy", {}),
        ("torch:mine.py:of_batches", "accuracy", {}),
        ("code.py:gradient", "accuracy", {}),
        ("mine.py:talking", "no-side-effects", {}),
        ("mine.py:counting", "same-answer-twice", {"domain": {"overwrites_logits": True}}),
    ],
)
def test_there_is_no_script_where_plain_python_cannot_say_it(
    spec: str, check: str, options: dict[str, Any], tmp_path: Path
) -> None:
    _write(tmp_path, "numpy", -1)
    (tmp_path / "mine.py").rename(tmp_path / "code.py")
    _write(tmp_path, "torch", -1)
    with (tmp_path / "mine.py").open("a") as file:
        file.write(MORE)
    with _in_folder(tmp_path):
        found = _discrepancy(Subject("", spec, {"quantities": ["dE/dz"], **options}, check))
    assert found.snippet
    assert found.standalone == ""
