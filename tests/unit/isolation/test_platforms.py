"""What works where the operating system is not a POSIX one, and what says that it does not."""

import os
import subprocess
import sys

import pytest

import gradcert
from gradcert import Limits
from gradcert_implementations import SpecError

WITHOUT_RESOURCE = """
import sys
sys.modules["resource"] = None  # Importing it raises ModuleNotFoundError, as on Windows.
import gradcert
print(gradcert.certify("numpy", quantities=["dE/dz"], formats=["binary32"], max_examples=2).verdict)
"""


def test_certify_works_where_there_is_no_resource_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RESOURCE], capture_output=True, text=True, check=False
    )
    assert done.stdout == "conforms\n", done.stderr


def test_isolation_says_in_one_line_that_it_needs_posix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(SpecError, match=r"a process of its own .* needs POSIX") as caught:
        gradcert.certify("numpy", limits=Limits())
    assert "\n" not in str(caught.value)


def test_the_process_of_a_subject_has_no_oracle_no_check_and_no_case() -> None:
    source = "import sys, gradcert.isolation.child; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    strangers = ("gradcert_oracle", "flint", "hypothesis", "gradcert_reports")
    rooms = ("checks", "generation", "diagnosis", "engine", "core.case", "core.claim")
    unwanted = (*strangers, *(f"gradcert.{room}" for room in rooms))
    assert [name for name in done.stdout.split() if name.startswith(unwanted)] == []
