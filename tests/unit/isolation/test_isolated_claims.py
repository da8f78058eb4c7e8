"""What an isolated subject claims, and how it is loaded, is as in this process."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_subjects import LIMITS, certified

import gradcert
from gradcert import Limits
from gradcert.isolation.subject import isolate, load_isolated
from gradcert_implementations import (
    LevelName,
    Options,
    SpecError,
    Strides,
)


@pytest.mark.usefixtures("folder")
def test_isolation_changes_nothing_of_what_is_found() -> None:
    isolated = gradcert.certify("diagonal-only", max_examples=20, limits=LIMITS, effort="quick")
    here = gradcert.certify("diagonal-only", max_examples=20, effort="quick")
    assert isolated.results == here.results
    assert isolated.diagnoses == here.diagnoses


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("at_least", "verdict"), [("faithful", "refuted"), (None, "conforms")])
def test_an_isolated_subject_is_examined_for_the_level_that_is_demanded(
    at_least: str | None, verdict: str
) -> None:
    found = gradcert.certify(
        "hostile.py:right",
        formats=["fp32"],
        max_examples=30,
        limits=LIMITS,
        effort="quick",
        at_least=at_least,
    )
    assert (found.verdict, found.at_least) == (verdict, at_least)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("at_least", "verdict"), [("faithful", "refuted"), (None, "conforms")])
def test_an_isolated_subject_claims_its_own_level_and_not_what_its_spec_declares(
    at_least: LevelName | None, verdict: str
) -> None:
    declared = gradcert.load("hostile.py:declared")
    assert declared.at_least == "log-sum-exp"
    found = gradcert.certify(
        replace(declared, at_least=at_least), max_examples=30, limits=LIMITS, effort="quick"
    )
    assert (found.verdict, found.at_least) == (verdict, at_least)


@pytest.mark.usefixtures("folder")
def test_what_its_cases_depend_on_survives_isolation() -> None:
    loaded = load_isolated("hostile.py:declared", LIMITS, Options())
    assert (loaded.compiles_per_shape, loaded.strides) == (True, Strides.NONE)
    kept = isolate(gradcert.load("hostile.py:declared"), LIMITS)
    assert (kept.compiles_per_shape, kept.strides) == (True, Strides.NONE)


@pytest.mark.usefixtures("folder")
def test_what_an_implementation_declares_and_was_taken_back_does_not_keep_it_from_loading() -> None:
    plain = gradcert.load(
        "hostile.py:ignoring",
        loss=["ignore_index=none"],
        domain=["ignored_rows_may_hold_anything=false"],
        targets="probability",
    )
    found = gradcert.certify(plain, max_examples=5, limits=LIMITS, effort="quick")
    assert found.verdict == "conforms"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("strides", Strides)
def test_an_isolated_subject_is_examined_for_its_own_strides_and_not_for_those_of_its_spec(
    strides: Strides,
) -> None:
    declared = replace(gradcert.load("hostile.py:declared"), strides=strides)
    found = gradcert.certify(declared, max_examples=5, limits=LIMITS, effort="quick")
    assert found.verdict == "conforms"
    checks = [result.check for result in found.results]
    assert ("memory-layout" in checks) == (strides is not Strides.NONE)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(7)", "does not load: it ended its process with exit status 7"),
        ("import time; time.sleep(1000)", "does not load: it did not return within 10 s"),
        ("import missing_module", "does not import: ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_even_be_imported_is_a_usage_error(
    folder: Path, source: str, reason: str
) -> None:
    (folder / "hostile.py").write_text(source)
    with pytest.raises(SpecError, match=reason):
        certified("right", Limits(seconds=0.3))


def test_an_object_that_no_other_process_can_load_is_a_usage_error() -> None:
    with pytest.raises(SpecError, match="cannot be loaded by another process"):
        gradcert.certify(lambda logits, _targets: logits, limits=LIMITS)


@pytest.mark.usefixtures("folder")
def test_a_public_function_of_a_module_can_be_isolated_without_a_spec() -> None:
    sys.path.append(str(Path.cwd()))
    try:
        import hostile  # type: ignore[import-not-found]

        found = gradcert.certify(hostile.crashes, max_examples=5, limits=LIMITS, effort="quick")
    finally:
        sys.path.remove(str(Path.cwd()))
        del sys.modules["hostile"]
    assert found.verdict == "broken"


def test_a_process_of_its_own_finds_the_modules_that_this_one_finds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "below").mkdir()
    (folder / "hostile.py").rename(folder / "below" / "reached_by_path.py")
    monkeypatch.syspath_prepend(folder / "below")
    loaded = load_isolated("reached_by_path:right", LIMITS, Options())
    assert loaded.name == "right"
