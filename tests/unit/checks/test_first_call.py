"""The first call of a function is judged, and what was seen stands though it cannot be repeated."""

import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from subjects import (
    BY_ID,
    CHECKS_OF_GRADIENT,
    RIGHT_SOURCE,
    case_of,
    claim_of,
    flipped,
    right,
)

from gradcert import Limits, certify
from gradcert.checks import planned
from gradcert.core.evidence import Refuted
from gradcert_implementations import FORMAT_NAMES, QUANTITY_NAMES, Array, Implementation, load
from gradcert_reports import Certificate


class LateWorkspace:
    """Right from a call on; before, it hands out what lay in the workspace."""

    def __init__(self, garbage: int = 1) -> None:
        self.left = garbage

    def __call__(self, z: Array, t: Array) -> Array:
        self.left -= 1
        return right(z, t) if self.left < 0 else np.full_like(z, 3)


def _of(*names: str) -> Certificate:
    functions: Any = dict.fromkeys(names, LateWorkspace())
    return certify(Implementation(name="late", functions=functions), max_examples=5)


def test_the_first_call_of_each_claim_comes_before_every_other_check() -> None:
    plan = list(planned(load("numpy")))
    opening = [one for one in plan if one.check.opens]
    claims = len(QUANTITY_NAMES) * len(FORMAT_NAMES)
    assert [one.check.id for one in opening] == ["first-call"] * claims
    assert plan[:claims] == opening


def test_garbage_in_the_first_call_only_is_refuted_with_its_evidence() -> None:
    found = _of("dE/dz")
    assert found.verdict == "refuted"
    (refuted,) = found.refutations
    assert (refuted.check, refuted.format) == ("first-call", "binary64")
    shown = refuted.discrepancy
    assert shown is not None
    assert shown.statement == "dE/dz is 3.0; its true value is -0.5"
    assert (shown.returned, shown.expected) == (("3.0", "3.0"), ("-0.5", "0.5"))
    assert shown.rows == 1


@pytest.mark.parametrize("garbage", [1, 2, 3])
def test_garbage_in_one_of_the_first_three_calls_is_refuted(garbage: int) -> None:
    calls = itertools.count(1)
    found = certify(
        lambda z, t: right(z, t) + (next(calls) == garbage), formats=["fp32"], max_examples=5
    )
    assert [one.check for one in found.refutations] == ["first-call"]


def test_the_diagnosis_names_it_and_says_that_what_was_seen_does_not_come_again() -> None:
    (diagnosis,) = _of("dE/dz").diagnoses
    (match,) = diagnosis.matches
    assert (match.flaw, match.explains, diagnosis.cases) == ("first-call-of-a-process", 1, 1)
    assert diagnosis.findings[0] == (
        "the answer depends on earlier calls: 1 of 1 refuting cases passed when tried again"
    )


def test_the_first_call_is_judged_in_each_format_and_for_each_quantity() -> None:
    class OncePerFormat:
        def __init__(self) -> None:
            self.seen: set[np.dtype[Any]] = set()

        def __call__(self, z: Array, t: Array) -> Array:
            first = z.dtype not in self.seen
            self.seen.add(z.dtype)
            return np.zeros_like(z) if first else right(z, t)

    found = certify(OncePerFormat(), max_examples=5)
    assert [(one.check, one.format) for one in found.refutations] == [
        ("first-call", "binary64"),
        ("first-call", "binary32"),
    ]


def test_a_few_calls_that_are_garbage_are_refuted_too() -> None:
    assert certify(LateWorkspace(4), formats=["fp64"], max_examples=5).verdict == "refuted"


def test_a_first_call_that_prints_or_seeds_is_refuted_and_its_traces_are_taken_away() -> None:
    class Banner:
        calls = 0

        def __call__(self, z: Array, t: Array) -> Array:
            self.calls += 1
            if self.calls == 1:
                print("loading kernels")  # noqa: T201
                np.seterr(all="ignore")
            return right(z, t)

    before = np.geterr()
    found = certify(Banner(), formats=["fp64"], max_examples=5)
    assert np.geterr() == before
    (refuted,) = found.refutations
    assert refuted.check == "first-call"
    assert refuted.discrepancy is not None
    assert refuted.discrepancy.statement == (
        r"the call wrote 'loading kernels\n' to standard output"
    )


def test_a_first_call_that_raises_is_broken() -> None:
    class Raising:
        calls = 0

        def __call__(self, z: Array, t: Array) -> Array:
            self.calls += 1
            if self.calls == 1:
                raise RuntimeError("no workspace")
            return right(z, t)

    found = certify(Raising(), formats=["fp64"], max_examples=5)
    (broken,) = (result for result in found.results if result.verdict != "conforms")
    assert (broken.check, broken.reason) == ("first-call", "raised RuntimeError: no workspace")


def test_three_calls_are_for_the_first_row_and_the_answer_to_the_whole_case_is_kept() -> None:
    shapes: list[tuple[int, ...]] = []

    def recording(z: Array, t: Array) -> Array:
        shapes.append(z.shape)
        return right(z, t)

    case = case_of([[0, 1], [2, 3], [5, 5]], [[1, 0], [0, 1], [1, 0]])
    BY_ID["first-call"].run(claim_of(recording), case)
    assert shapes == [(1, 2)] * 3 + [(3, 2), (1, 2)]
    with pytest.raises(Refuted) as refuted:
        BY_ID["first-call"].run(claim_of(flipped), case)
    assert refuted.value.evidence.case.rows == 1


def test_what_is_wrong_at_every_call_is_shown_by_accuracy_first() -> None:
    found = certify(flipped, formats=["fp64"], max_examples=5)
    assert {"accuracy", "first-call"} <= {one.check for one in found.refutations}
    assert found.leading[0].check == "accuracy"
    assert tuple(one.check for one in found.results) == CHECKS_OF_GRADIENT


ISOLATED = f"""
{RIGHT_SOURCE}
calls = 0

def late(logits, targets):
    global calls
    calls += 1
    return right(logits, targets) * (calls > 1)
"""


def test_the_first_call_of_an_isolated_subject_is_that_of_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late.py").write_text(ISOLATED)
    monkeypatch.chdir(tmp_path)
    found = certify("late.py:late", formats=["fp64"], max_examples=5, limits=Limits())
    assert [one.check for one in found.refutations] == ["first-call"]
    assert found.diagnoses[0].findings[0].startswith("the answer depends on earlier calls")


def test_the_snippet_shows_it_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "late_one.py").write_text(ISOLATED)
    monkeypatch.chdir(tmp_path)
    found = certify("late_one.py:late", formats=["fp64"], max_examples=5)
    shown = found.refutations[0].discrepancy
    assert shown is not None
    for name in [name for name in sys.modules if "late_one" in name]:
        del sys.modules[name]  # As in another process.
    exec(shown.snippet, {})
    assert capsys.readouterr().out == "[[-0.  0.]]\n"
