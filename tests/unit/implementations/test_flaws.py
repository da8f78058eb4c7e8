"""Each flaw is what it says: shown by its smallest input, explained, and right in all else."""

import ast
import textwrap
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from gradcert.cases import Broken, Case, Claim
from gradcert.certification import planned
from gradcert.checks import Check, Judgements, Refuted
from gradcert_implementations import FLAWED, Flaw, documented, load
from gradcert_implementations.numpy_by_hand import gradient as right
from gradcert_oracle import FAITHFUL, FORMATS


def flaw(name: str) -> Flaw:
    loaded = load(name)
    assert isinstance(loaded, Flaw)
    return loaded


REFUTED = [name for name in FLAWED if flaw(name).verdict == "refuted"]
BROKEN = [name for name in FLAWED if flaw(name).verdict == "broken"]
CONFORMING = [name for name in FLAWED if flaw(name).verdict == "conforms"]

ONLY_SOMEWHERE = [
    "block-tail-missing-from-the-sum",
    "classes-above-a-block-skipped",
    "one-class-in-a-thousand",
    "ties-counted-once",
    "ties-uninitialised",
    "first-row-normaliser",
    "rows-beyond-the-grid",
]
BEHAVIOUR = [
    "overwrites-logits",
    "upcast-is-a-copy-only-if-needed",
    "softmax-cached-and-overwritten",
    "stale-result",
    "reused-buffer",
    "assumes-contiguous",
    "empty-batch-crashes",
    "nan-hidden",
]


def source_of(name: str) -> str:
    found = find_spec(FLAWED[name])
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text()


def exposed(name: str) -> Iterator[tuple[Check, Claim, Case]]:
    """Yield every check of every claim that the exposing input suits, with that input."""
    subject = flaw(name)
    leading = next(iter(subject.functions))
    for check, claim in planned(subject):
        if (claim.quantity == "dE/do") == (leading == "dE/do"):
            first, targets = (np.array(rows, claim.format.dtype) for rows in subject.exposed_by)
            yield check, claim, Case(first, targets, ("exposing",) * len(first))


def failure(check: Check, claim: Claim, case: Case) -> type[Exception] | None:
    try:
        check.run(claim, case)
    except (Refuted, Broken) as found:
        return type(found)
    return None


@pytest.mark.parametrize("name", REFUTED)
def test_a_check_refutes_a_flaw_by_its_exposing_input(name: str) -> None:
    assert any(failure(*what) is Refuted for what in exposed(name))


@pytest.mark.parametrize("name", ["through-binary32", "probability-rounded-to-bfloat16"])
def test_a_flaw_of_rounding_is_refuted_in_each_quantity_and_format_it_claims(name: str) -> None:
    refuted = {
        (claim.quantity, claim.format.name)
        for check, claim, case in exposed(name)
        if failure(check, claim, case) is Refuted
    }
    subject = flaw(name)
    # The exposing input is made of logits.
    assert refuted == set(product(set(subject.functions) - {"dE/do"}, subject.formats))


@pytest.mark.parametrize("name", BROKEN)
def test_a_flaw_that_is_broken_breaks_on_its_exposing_input(name: str) -> None:
    assert {failure(*what) for what in exposed(name)} == {None, Broken}


@pytest.mark.parametrize("name", CONFORMING)
def test_a_weakness_passes_every_check_and_only_misses_the_best_level(name: str) -> None:
    judged: Judgements = []
    for check, claim, case in exposed(name):
        judgements = check.run(claim, case)
        if check.id == "accuracy":
            judged += judgements
    assert judged
    assert all(judgement.algorithm not in (None, FAITHFUL) for _, judgement in judged)


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_goes_by_the_name_of_its_file(name: str) -> None:
    assert flaw(name).name == name


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_has_a_title_an_explanation_a_formula_and_a_source(name: str) -> None:
    title, text = documented(name)
    assert title.endswith(".")
    assert len(title) <= 75
    assert "\n\n" not in text
    assert 3 <= len(textwrap.wrap(text, 100)) <= 6
    assert flaw(name).formula
    assert flaw(name).source


@pytest.mark.parametrize("name", FLAWED)
def test_the_exposing_input_lies_where_the_flaw_claims_to_be_right(name: str) -> None:
    subject = flaw(name)
    first, targets = map(np.array, subject.exposed_by)
    assert first.ndim == 2
    assert first.shape == targets.shape
    assert (targets[first == -np.inf] == 0).all()
    assert np.abs(first[first > -np.inf]).max() <= subject.largest_logit
    if subject.targets == "probability":
        assert (targets.sum(axis=1) == 1).all()


# One row without ties, of a shape that nobody else asks a flaw for: some remember.
LOGITS = np.array([[1.5, -2, 0.25, 3, -0.5, 0, 2]])
TARGETS = np.array([[0, 0.25, 0, 0.5, 0, 0.25, 0]])


@pytest.mark.parametrize("name", ONLY_SOMEWHERE + BEHAVIOUR)
def test_a_flaw_that_is_only_somewhere_is_right_elsewhere(name: str) -> None:
    for format in flaw(name).formats:
        dtype = FORMATS[format].dtype
        logits, targets = LOGITS.astype(dtype), TARGETS.astype(dtype)
        expected = right(logits, targets).astype(np.float64)
        answer = flaw(name).functions["dE/dz"](logits, targets)
        tolerance = 4 * 2.0 ** -FORMATS[format].precision
        np.testing.assert_allclose(answer.astype(np.float64), expected, tolerance, tolerance)


def test_a_flaw_that_scales_slightly_is_nearly_right() -> None:
    answer = flaw("slightly-scaled").functions["dE/dz"](LOGITS, TARGETS)
    np.testing.assert_allclose(answer, right(LOGITS, TARGETS), rtol=2e-13)
    assert (answer != right(LOGITS, TARGETS)).any()


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("name", [name for name in FLAWED if name not in BROKEN])
def test_a_flaw_takes_read_only_arrays_of_any_layout_and_of_no_rows(name: str, rows: int) -> None:
    first = np.asfortranarray([[0.5, 0.125, 0.375]] * rows).reshape(rows, 3)
    targets = np.repeat([[0.25, 0.75, 0.0]] * rows, 2).reshape(rows, 6)[:, ::2]
    for claim in {claim for _, claim in planned(flaw(name))}:
        arguments = claim.arguments(*(a.astype(claim.format.dtype) for a in (first, targets)))
        for array in arguments:
            array.flags.writeable = False
        answer = claim.implementation.functions[claim.quantity](*arguments)
        assert answer.dtype == claim.format.dtype
        assert answer.shape == claim.shape(rows, 3)


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_imports_arrays_and_what_a_flaw_is_and_nothing_else(name: str) -> None:
    imported = set()
    for node in ast.walk(ast.parse(source_of(name))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or ".")
    assert {module for module in imported if module.partition(".")[0] != "numpy"} <= {
        "ml_dtypes",
        "gradcert_implementations.catalogue",
        "gradcert_implementations.interface",
    }
