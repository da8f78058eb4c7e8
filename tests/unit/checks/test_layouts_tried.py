"""Which layouts are tried: those that the arrays can show and a library can have."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from laid_out import NAMES, THREE, in_items
from subjects import case_of, claim_of, right

from gradcert.checks import planned
from gradcert.checks.layouts import LAYOUTS, layouts_of, memory_layout
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken
from gradcert_implementations import Array, Domain, Options, Strides, as_implementation, load
from gradcert_oracle import BINARY64, GRADIENT


@pytest.mark.parametrize(
    ("rows", "classes", "missing"),
    [
        (
            1,
            4,
            {
                "rows narrowed from a wider array",
                "reversed rows",
                "every second row of a larger batch",
                "transposed rows",
                "one row expanded over the batch",
            },
        ),
        (3, 1, {"every second column of wider rows", "transposed rows"}),
        (2, 2, set()),
    ],
)
def test_a_layout_is_tried_only_where_the_arrays_are_large_enough_to_show_it(
    rows: int, classes: int, missing: set[str]
) -> None:
    case = case_of(np.zeros((rows, classes)), np.eye(classes)[[0] * rows])
    assert {one.name for one in LAYOUTS if not one.shows(case)} == missing


def test_what_the_arrays_of_a_library_cannot_have_does_not_apply() -> None:
    claim = claim_of(right)

    def applying(strides: Strides) -> set[str]:
        subject = replace(claim.implementation, strides=strides)
        return {one.name for one in layouts_of(replace(claim, implementation=subject))}

    assert applying(Strides.ANY) == NAMES
    assert applying(Strides.NON_NEGATIVE) == NAMES - {"reversed rows", "read-only rows"}
    assert applying(Strides.NONE) == set()


def test_reversed_rows_may_be_refused_and_other_layouts_may_not() -> None:
    def refusing(z: Array, t: Array) -> Array:
        if min(*z.strides, *t.strides) < 0:
            raise ValueError("At least one stride in the given numpy array is negative")
        return right(z, t)

    def refusing_columns(z: Array, t: Array) -> Array:
        if z.strides[1] > z.itemsize and z.shape[1] > 1:
            raise ValueError("the columns have a stride")
        return right(z, t)

    memory_layout(claim_of(refusing), THREE)
    with pytest.raises(Broken, match="the columns have a stride"):
        memory_layout(claim_of(refusing_columns), THREE)


def test_reversed_rows_may_be_refused_by_a_function_that_does_not_implement_them() -> None:
    def unwilling(z: Array, t: Array) -> Array:
        if z.strides[0] < 0:
            raise NotImplementedError("negative strides")
        return right(z, t)

    memory_layout(claim_of(unwilling), THREE)


def test_what_is_no_answer_to_reversed_rows_is_no_refusal() -> None:
    def silent(z: Array, t: Array) -> Any:
        return None if z.strides[0] < 0 else right(z, t)

    with pytest.raises(Broken, match=r"returned NoneType, .* given as reversed rows$"):
        memory_layout(claim_of(silent), THREE)


def test_a_subject_whose_arrays_have_no_strides_is_not_asked_for_layouts_at_all() -> None:
    for library in ("torch", "jax"):
        pytest.importorskip(library)
    for name, asked in (("numpy", True), ("torch", True), ("jax", False)):
        checks = {one.check.id for one in planned(load(name))}
        assert ("memory-layout" in checks) == asked, name


def test_a_torch_loss_is_never_given_what_torch_cannot_have() -> None:
    torch = pytest.importorskip("torch")
    from gradcert import from_torch

    seen: list[tuple[int, ...]] = []

    def recording(z: Any, t: Any) -> Any:
        seen.append(z.stride())
        return torch.nn.functional.cross_entropy(z, t, reduction="none")

    claim = Claim(from_torch(recording, formats=["fp64"]), GRADIENT, BINARY64)
    memory_layout(claim, THREE)
    assert set(seen) == {(4, 1), (7, 1), (8, 1), (8, 2), (1, 3), (0, 1)}


def negating_its_logits(z: Array, t: Array) -> Array:
    np.negative(z, out=z)
    return right(-z, t)


def overwriting(function: Callable[[Array, Array], Array]) -> Claim:
    """Return the claim of a function that says that it overwrites its logits."""
    subject = as_implementation(function, Options(domain={"overwrites_logits": True}))
    return Claim(subject, GRADIENT, BINARY64)


def test_logits_that_are_overwritten_are_given_in_no_layout_that_cannot_be_written() -> None:
    seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def recording(z: Array, t: Array) -> Array:
        seen.append((in_items(z), in_items(t)))
        return negating_its_logits(z, t)

    claim = overwriting(recording)
    of_torch = replace(claim.implementation, strides=Strides.NON_NEGATIVE)
    memory_layout(replace(claim, implementation=of_torch), THREE)
    assert [one for one in seen if (0, 1) in one] == [((4, 1), (0, 1))]
    seen.clear()
    memory_layout(claim, THREE)
    fixed = {"read-only rows", "one row expanded over the batch"}
    # The plain call, three calls for each layout, one for each of these two, one plain for one row.
    assert len(seen) == 1 + 3 * (len(LAYOUTS) - len(fixed)) + 2 + 1


def test_reading_only_is_asked_of_targets_beside_logits_that_are_overwritten() -> None:
    def wanting_writable_targets(z: Array, t: Array) -> Array:
        np.negative(t, out=t)
        np.negative(t, out=t)
        return negating_its_logits(z, t)

    with pytest.raises(Broken, match=r"read-only, for targets given as read-only rows$"):
        memory_layout(overwriting(wanting_writable_targets), THREE)


def adding_in_memory_order(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    order = slice(None, None, 1 if z.strides[1] == z.itemsize else -1)
    return powers / powers[:, order].cumsum(axis=1)[:, -1:] - t


def test_another_order_of_a_sum_is_no_other_answer() -> None:
    rng = np.random.default_rng(0)
    case = case_of(rng.normal(size=(3, 500)), np.eye(500)[[3, 0, 1]])
    plain, other = (
        adding_in_memory_order(f(case.point), case["targets"])
        for f in (np.array, np.asfortranarray)
    )
    assert plain.tobytes() != other.tobytes()
    memory_layout(claim_of(adding_in_memory_order), case)


def test_a_buffer_that_is_handed_out_again_does_not_hide_another_answer() -> None:
    buffer = np.zeros((3, 4))

    def gradient(z: Array, t: Array) -> Array:
        buffer[:] = right(z, t) + (z.strides[1] != z.itemsize)
        return buffer

    with pytest.raises(Refuted, match="instead of logits given as every second column of"):
        memory_layout(claim_of(gradient), THREE)


def test_logits_that_are_overwritten_as_claimed_are_not_given_in_read_only_memory() -> None:
    def in_place(z: Array, t: Array) -> Array:
        z[:] = right(z, t)
        return z

    claim = claim_of(in_place)
    with pytest.raises(Broken, match=r"read-only, for logits given as read-only rows$"):
        memory_layout(claim, THREE)
    domain = Domain(overwrites_logits=True)
    memory_layout(
        replace(claim, implementation=replace(claim.implementation, domain=domain)), THREE
    )
