"""Each flaw is documented, and right in everything that its mistake does not touch."""

import ast
import re
import textwrap
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from gradcert_implementations import FLAWED, Flaw, FlawKind, Loss, documented, load
from gradcert_implementations.interface import options_of
from gradcert_implementations.numpy_by_hand import gradient as right
from gradcert_oracle import FORMATS, quantity_of


def flaw(name: str) -> Flaw:
    loaded = load(name)
    assert isinstance(loaded, Flaw)
    return loaded


RAISING = [name for name in FLAWED if flaw(name).verdict == "broken"]

ONLY_SOMEWHERE = [
    "block-tail-missing-from-the-sum",
    "classes-above-a-block-skipped",
    "one-class-in-a-thousand",
    "ties-counted-once",
    "ties-uninitialised",
    "first-row-normaliser",
    "rows-beyond-the-grid",
    "maximum-started-at-zero",
    "online-softmax-starts-masked",
    "masked-but-one",
    "masked-class-in-a-vector",
    "summed-over-the-batch",
    "statistics-of-the-next-row",
    "last-class-out-of-range",
    "last-block-not-shifted",
    "log-add-exp-at-ties",
    "first-of-ties-takes-all",
    "classes-repeat-after-a-block",
    "exponentials-flushed",
    "first-block-takes-the-second",
    "tail-read-from-the-start",
    "targets-clipped",
    "exponent-clipped",
    "exponential-cut-off",
    "label-lost-from-a-class-on",
    "label-rounded-to-few-bits",
    "label-taken-as-signed",
    "label-taken-modulo",
    "logits-clamped",
    "masked-block-gives-nan",
    "rows-repeat-after-a-group",
    "tail-of-the-rows-zero",
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
    "standard-output-written",
    "random-state-seeded",
    "targets-read-in-the-order-of-the-logits",
]


def source_of(name: str) -> str:
    found = find_spec(FLAWED[name])
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).read_text()


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
def test_a_flaw_has_a_kind_and_its_links_are_urls(name: str) -> None:
    assert flaw(name).kind in FlawKind
    for link in flaw(name).links:
        url = urlsplit(link)
        assert (url.scheme, bool(url.netloc), bool(url.path)) == ("https", True, True)


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_that_was_reported_links_to_each_report(name: str) -> None:
    """The numbers of the reports in the source are those of the links, in their order.

    A pull request has ``PR`` before its number, and an issue ``#``.
    """
    reported = re.findall(r"(#|PR )(\d+)", flaw(name).source)
    places = [f"{'issues' if sign == '#' else 'pull'}/{number}" for sign, number in reported]
    linked = [link for link in flaw(name).links if "//github.com/" in link]
    assert [link.split("/", 5)[5] for link in linked] == places


def test_each_kind_has_a_flaw() -> None:
    assert {flaw(name).kind for name in FLAWED} == set(FlawKind)


@pytest.mark.parametrize("name", FLAWED)
def test_the_exposing_input_lies_where_the_flaw_claims_to_be_right(name: str) -> None:
    subject = flaw(name)
    first, targets, *v = map(np.array, subject.exposed_by)
    assert first.ndim == 2
    assert {array.shape for array in (targets, *v)} == {first.shape}
    assert (targets[first == -np.inf] == 0).all()
    assert np.abs(first[first > -np.inf]).max() <= subject.domain.largest_logit
    if subject.domain.targets == "probability":
        assert (targets.sum(axis=1) == 1).all()


OF_AN_OPTION = [name for name in FLAWED if flaw(name).own]

SAID_MORE = {
    "smoothing_over": "label_smoothing",
    "mean_over": "reduction",
    "z_loss_mean_over": "reduction",
    "nothing_kept_gradient": "reduction",
}
"""The options that say more about another one."""


@pytest.mark.parametrize("name", OF_AN_OPTION)
def test_a_flaw_of_an_option_computes_all_options_of_its_own_loss(name: str) -> None:
    options = {SAID_MORE.get(option, option) for option in options_of(flaw(name).loss)}
    assert options <= set(flaw(name).own)
    assert flaw(name).functions_for is not None


@pytest.mark.parametrize("name", sorted({*FLAWED} - {*OF_AN_OPTION}))
def test_any_other_flaw_is_one_of_the_plain_loss(name: str) -> None:
    assert flaw(name).loss == Loss()
    assert flaw(name).functions_for is None


# One row without ties. No other test uses its shape, because some flaws remember a shape.
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


def test_a_wide_row_of_masked_classes_has_no_slope_of_ties() -> None:
    logits, targets = np.full((1, 1100), -np.inf), np.eye(1, 1100)[:, ::-1]
    logits[0, -2:] = 0
    answer = flaw("log-add-exp-at-ties").functions["dE/dz"](logits, targets)
    np.testing.assert_array_equal(answer, [[0] * 1098 + [1, -1]])


def test_a_flaw_that_scales_slightly_is_nearly_right() -> None:
    answer = flaw("slightly-scaled").functions["dE/dz"](LOGITS, TARGETS)
    np.testing.assert_allclose(answer, right(LOGITS, TARGETS), rtol=2e-13)
    assert (answer != right(LOGITS, TARGETS)).any()


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("name", [name for name in FLAWED if name not in RAISING])
def test_a_flaw_takes_read_only_arrays_of_any_layout_and_of_no_rows(name: str, rows: int) -> None:
    first = np.asfortranarray([[0.5, 0.125, 0.375]] * rows).reshape(rows, 3)
    targets = np.repeat([[0.25, 0.75, 0.0]] * rows, 2).reshape(rows, 6)[:, ::2]
    named = {"logits": first, "probabilities": first, "targets": targets, "v": -first}
    shapes = {"loss": (rows,), "do/dz": (rows, 3, 3)}
    for format, (quantity, function) in product(flaw(name).formats, flaw(name).functions.items()):
        dtype = FORMATS[format].dtype
        arrays = [named[argument] for argument in quantity_of(quantity).arguments]
        upstream = [np.ones(rows)] * flaw(name).takes_upstream
        arguments = [array.astype(dtype) for array in (*arrays, *upstream)]
        for array in arguments:
            array.flags.writeable = False
        answer = function(*arguments)
        assert answer.dtype == dtype
        assert answer.shape == shapes.get(quantity, (rows, 3))


@pytest.mark.parametrize("name", FLAWED)
def test_a_flaw_imports_arrays_and_what_a_flaw_is_and_nothing_else(name: str) -> None:
    imported = set()
    for node in ast.walk(ast.parse(source_of(name))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or ".")
    assert {module for module in imported if module.partition(".")[0] != "numpy"} <= {
        "collections.abc",
        "math",
        "ml_dtypes",
        "gradcert_implementations.catalogue",
        "gradcert_implementations.interface",
        "gradcert_implementations.names",
        "gradcert_implementations.parametric",
        "gradcert_implementations.reading",
        "gradcert_implementations.simple_numbers",
    }
