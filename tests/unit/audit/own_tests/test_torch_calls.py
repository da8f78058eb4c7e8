"""A PyTorch function whose gradient is made wrong: that of its logits, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from gradcert.audit.own_tests.calls import wrapped
from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS
from gradcert.audit.own_tests.mutating import Mutating

torch = pytest.importorskip("torch")

LABELS = torch.tensor([0, 2, 1, 1])


def _logits(**options: Any) -> Any:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, generator=generator, dtype=torch.float64).to(**options)


def _mutated(function: Callable[..., Any], name: str | None) -> tuple[Any, Mutating]:
    mutating = Mutating(None if name is None else ALL_MUTANTS[name])
    return wrapped(function, mutating=mutating), mutating


def _loss(z: Any, y: Any, *, reduction: str = "mean", ignore_index: int = -100) -> Any:
    return torch.nn.functional.cross_entropy(z, y, reduction=reduction, ignore_index=ignore_index)


def _slope(loss: Callable[..., Any], z: Any, *arguments: Any, **options: Any) -> Any:
    leaf = z.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(leaf, *arguments, **options).sum(), leaf)
    return slope


RIGHT = _slope(_loss, _logits(), LABELS)


def test_the_values_stay_and_the_gradient_changes() -> None:
    flipped, mutating = _mutated(_loss, "sign-flipped")
    assert flipped(_logits(), LABELS) == _loss(_logits(), LABELS)
    assert torch.equal(_slope(flipped, _logits(), LABELS), -RIGHT)
    assert torch.equal(_slope(flipped, _logits(), LABELS, reduction="sum"), -4 * RIGHT)
    assert (mutating.tally.calls, mutating.tally.gradients, mutating.tally.changed) == (3, 2, 2)


def test_without_a_mutant_nothing_changes_and_gradients_are_counted() -> None:
    same, mutating = _mutated(_loss, None)
    assert torch.equal(_slope(same, _logits(), LABELS), RIGHT)
    assert (mutating.tally.gradients, mutating.tally.changed) == (1, 0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_the_dtype_and_the_layout_of_the_gradient_stay(dtype: Any) -> None:
    halved, _ = _mutated(_loss, "halved")
    z = _logits(dtype=dtype).t().contiguous().t()
    made, right = _slope(halved, z, LABELS), _slope(_loss, z, LABELS)
    assert (made.dtype, made.stride(), made.device) == (right.dtype, right.stride(), right.device)
    assert torch.equal(made, right / 2)


def test_under_no_grad_and_without_a_leaf_the_function_is_only_called() -> None:
    flipped, mutating = _mutated(_loss, "sign-flipped")
    with torch.no_grad():
        assert not flipped(_logits().requires_grad_(), LABELS).requires_grad
    assert not flipped(_logits(), LABELS).requires_grad
    assert (mutating.tally.calls, mutating.tally.gradients) == (2, 0)


def test_logits_that_are_used_elsewhere_keep_their_other_gradients() -> None:
    flipped, _ = _mutated(_loss, "sign-flipped")
    z = _logits().requires_grad_()
    (slope,) = torch.autograd.grad(flipped(z, LABELS) + 5 * z.sum() + _loss(z, LABELS), z)
    torch.testing.assert_close(slope, torch.full_like(z, 5))


def test_each_of_several_calls_and_each_backward_is_made_wrong() -> None:
    doubled, mutating = _mutated(_loss, "doubled")
    z = _logits().requires_grad_()
    total = doubled(z, LABELS) + doubled(z, LABELS)
    for _ in range(2):
        (slope,) = torch.autograd.grad(total, z, retain_graph=True)
        torch.testing.assert_close(slope, 4 * RIGHT)
    assert mutating.tally.changed == 4


def test_the_gradients_of_other_arguments_are_untouched() -> None:
    def weighted(z: Any, y: Any, weight: Any) -> Any:
        return (weight * _loss(z, y, reduction="none")).sum()

    flipped, _ = _mutated(weighted, "sign-flipped")
    found = []
    for loss in (weighted, flipped):
        z, weight = _logits().requires_grad_(), torch.ones(4, dtype=torch.float64).requires_grad_()
        found.append(torch.autograd.grad(loss(z, LABELS, weight=weight), (z, weight)))
    (right, by_weight), (wrong, same) = found
    assert torch.equal(wrong, -right)
    assert torch.equal(by_weight, same)


@pytest.mark.parametrize("kind", [tuple, list, lambda pair: dict(enumerate(pair))])
def test_a_function_may_return_several_losses(kind: Callable[[Any], Any]) -> None:
    def two(z: Any, y: Any) -> Any:
        return kind((_loss(z, y), 0.1 * torch.logsumexp(z, -1).square().mean()))

    ignoring, mutating = _mutated(two, "upstream-ignored")
    z = _logits().requires_grad_()
    (slope,) = torch.autograd.grad(3 * ignoring(z, LABELS)[0], z)
    torch.testing.assert_close(slope, RIGHT)
    # Two upstream gradients are not one that could be ignored.
    answers = ignoring(z, LABELS)
    torch.autograd.grad(3 * answers[0] + 2 * answers[1], z)
    assert (mutating.tally.gradients, mutating.tally.changed) == (2, 1)


def test_the_upstream_gradient_of_each_row_is_known() -> None:
    def rows(z: Any, y: Any) -> Any:
        return _loss(z, y, reduction="none")

    first, _ = _mutated(rows, "first-upstream-for-all")
    upstream = torch.tensor([2.0, 3, 4, 5], dtype=torch.float64)
    z = _logits().requires_grad_()
    (slope,) = torch.autograd.grad(first(z, LABELS), z, upstream)
    torch.testing.assert_close(slope, 4 * RIGHT * upstream[0])


def test_labels_are_found_and_logits_may_be_overwritten() -> None:
    class Fused(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, z: Any, y: Any) -> Any:
            loss = torch.nn.functional.cross_entropy(z, y)
            slope = (z.softmax(-1) - torch.nn.functional.one_hot(y, 3)) / len(y)
            z.detach().copy_(slope)
            ctx.save_for_backward(slope)
            return loss

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0], None

    dropped, _ = _mutated(Fused.apply, "softmax-dropped")
    want = -torch.nn.functional.one_hot(LABELS, 3).double() / 4
    torch.testing.assert_close(_slope(dropped, _logits(), LABELS), want)


def test_a_module_and_targets_by_probability_work() -> None:
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    targets = torch.full((4, 3), 1 / 3, dtype=torch.float64)
    forgotten, _ = _mutated(criterion.forward, "target-forgotten")
    want = _logits().softmax(-1) / 4
    torch.testing.assert_close(_slope(forgotten, _logits(), targets), want)


def test_a_gradient_that_is_differentiated_is_made_wrong_too() -> None:
    flipped, mutating = _mutated(_loss, "sign-flipped")
    z = _logits().requires_grad_()
    (slope,) = torch.autograd.grad(flipped(z, LABELS), z, create_graph=True)
    torch.testing.assert_close(slope.detach(), -RIGHT)
    slope.square().sum().backward()
    assert mutating.tally.changed == 2


def test_gradcheck_refutes_the_mutant_and_passes_without_one() -> None:
    for name, passes in ((None, True), ("times-1.04", False)):
        loss, _ = _mutated(_loss, name)
        z = _logits().requires_grad_()
        assert passes == torch.autograd.gradcheck(
            lambda z, loss=loss: loss(z, LABELS), (z,), raise_exception=False
        )


def test_a_function_that_calls_itself_is_made_wrong_once() -> None:
    halves: dict[str, Any] = {}

    def loss(z: Any, y: Any) -> Any:
        if len(z) == 1:
            return _loss(z, y, reduction="sum")
        middle = len(z) // 2
        return halves["loss"](z[:middle], y[:middle]) + halves["loss"](z[middle:], y[middle:])

    halves["loss"], mutating = _mutated(loss, "sign-flipped")
    torch.testing.assert_close(_slope(halves["loss"], _logits(), LABELS), -4 * RIGHT)
    assert mutating.tally.calls == 1


def test_a_mutant_that_cannot_be_made_changes_nothing_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any) -> None:
        raise MemoryError("16 GiB")

    monkeypatch.setattr("gradcert.audit.own_tests.mutating.mutated", fails)
    zero, mutating = _mutated(_loss, "zero")
    assert torch.equal(_slope(zero, _logits(), LABELS), RIGHT)
    assert mutating.tally.failure == "MemoryError: 16 GiB"


def _subtracted(z: Any, y: Any) -> Any:
    z.sub_(z.detach().amax(dim=1, keepdim=True))
    return _loss(z, y)


def _read_and_subtracted(z: Any, y: Any) -> Any:
    return (2 * z).mean() + _subtracted(z, y)


class _Overwriting(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, z: Any, _y: Any) -> Any:
        ctx.mark_dirty(z)
        z.copy_(torch.softmax(z, 1))
        ctx.save_for_backward(z.clone())
        return z

    @staticmethod
    def backward(ctx: Any, v: Any) -> Any:
        (p,) = ctx.saved_tensors
        return p * (v - (p * v).sum(1, keepdim=True)), None


def _overwritten(z: Any, y: Any) -> Any:
    return _Overwriting.apply(z, y)[:, 0]


@pytest.mark.parametrize("function", [_subtracted, _read_and_subtracted, _overwritten])
def test_logits_that_autograd_knows_to_be_overwritten_are_made_wrong_once(
    function: Callable[[Any, Any], Any],
) -> None:
    same, _ = _mutated(function, None)
    doubled, mutating = _mutated(function, "doubled")
    right, unchanged, wrong = (
        _slope(lambda z, one=one: one(3 * z, LABELS), _logits())
        for one in (function, same, doubled)
    )
    assert torch.equal(unchanged, right)
    torch.testing.assert_close(wrong, 2 * right, rtol=1e-12, atol=0)
    assert mutating.tally.changed == 1
