"""A layout that is claimed is asked: right answers conform in it, and a wrong axis does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcert
from gradcert_implementations import Array, Domain, Implementation
from gradcert_reports import Certificate
from gradcert_reports.text.claims import claims

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
nn, functional = torch.nn, torch.nn.functional
from_jax, from_numpy, from_torch = gradcert.from_jax, gradcert.from_numpy, gradcert.from_torch

FEW = {"max_examples": 10, "effort": "quick"}
OF_EACH_ROW = {"quantities": ["loss", "dE/dz"], "formats": ["fp32"]}
SEQUENCE = {"layout": "sequence"}
CHANNELS = {"layout": "channels"}


def certified(subject: Any, **options: Any) -> Certificate:
    return gradcert.certify(subject, **(FEW | options))


def softmax_of(z: Array, axis: int) -> Any:
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def over(axis: int) -> Callable[[Array, Array, Array], Any]:
    """Return the gradient of a loss whose classes stand on an axis."""

    def gradient(z: Array, t: Array, g: Array) -> Any:
        return np.expand_dims(g, axis) * (softmax_of(z, axis) - t)

    return gradient


def shapes_in(layout: str) -> set[int]:
    """Return the numbers of axes that the logits of a certificate had."""
    seen = set()

    def gradient(z: Array, t: Array, g: Array) -> Any:
        axis = 1 if layout == "channels" else -1
        seen.add(z.ndim)
        assert g.shape == np.take(z, 0, axis=axis).shape
        return over(axis)(z, t, g)

    found = certified(gradient, formats=["fp32"], domain={"layout": layout})
    assert found.verdict == "conforms"
    return seen


def test_a_plain_function_that_claims_sequences_gets_three_axes() -> None:
    assert shapes_in("sequence") == {3}


def test_a_plain_function_that_claims_channels_gets_three_axes_and_four() -> None:
    assert shapes_in("channels") == {3, 4}


@pytest.mark.parametrize(("layout", "axis"), [("channels", -1), ("channels", 0), ("sequence", 1)])
def test_classes_taken_from_the_wrong_axis_are_refuted(layout: str, axis: int) -> None:
    found = certified(over(axis), formats=["binary64"], domain={"layout": layout})
    assert found.verdict == "refuted"


def test_an_implementation_that_claims_sequences_is_asked_for_them() -> None:
    subject = Implementation(
        name="mine",
        functions={"dE/dz": over(-1)},
        formats=("binary64",),
        domain=Domain(layout="sequence"),  # type: ignore[arg-type]
        takes_upstream=True,
    )
    assert certified(subject).verdict == "conforms"


def by_label(z: Array, labels: Array, g: Array) -> Any:
    """Return the gradient of sequences with labels."""
    batch, length, classes = z.shape
    assert labels.shape == g.shape == (batch, length)
    return g[..., None] * (softmax_of(z, -1) - np.eye(classes, dtype=z.dtype)[labels])


def test_a_numpy_function_of_labels_gets_sequences_of_them() -> None:
    subject = from_numpy(by_label, targets="index", formats=["fp32"], domain=SEQUENCE)
    assert certified(subject).verdict == "conforms"


class OfSequences(nn.Module):
    """A loss that wants (B, S, V), as those of language models do."""

    def forward(self, logits: Any, labels: Any) -> Any:
        batch, length, classes = logits.shape
        flat = logits.reshape(-1, classes), labels.reshape(-1)
        return functional.cross_entropy(*flat, reduction="none").reshape(batch, length)


def test_a_torch_module_of_sequences_conforms() -> None:
    subject = from_torch(OfSequences(), targets="index", domain=SEQUENCE, **OF_EACH_ROW)
    assert certified(subject).verdict == "conforms"


def test_a_module_that_wants_sequences_and_is_given_rows_is_told_the_option() -> None:
    found = certified(from_torch(OfSequences(), targets="index", **OF_EACH_ROW))
    assert found.verdict == "broken"
    assert all("claim --domain layout=sequence" in result.reason for result in found.results)


def test_a_plain_function_that_wants_sequences_is_told_the_option() -> None:
    def gradient(z: Array, t: Array) -> Any:
        _, _, _ = z.shape
        return softmax_of(z, -1) - t

    found = certified(gradient, formats=["fp32"])
    assert all("claim --domain layout=sequence" in result.reason for result in found.results)


def test_a_function_that_refuses_long_rows_is_told_no_option() -> None:
    def gradient(z: Array, t: Array) -> Any:
        if z.shape[1] > 4096:
            raise RuntimeError("cannot launch")
        return softmax_of(z, -1) - t

    found = certified(gradient, formats=["fp32"])
    (broken,) = (result for result in found.results if result.reason)
    assert broken.check == "many-classes"
    assert broken.reason == "raised RuntimeError: cannot launch"


def test_a_function_that_fails_in_any_layout_is_told_no_option() -> None:
    def gradient(_z: Array, _t: Array) -> Any:
        raise RuntimeError("out of registers")

    found = certified(gradient, formats=["fp32"])
    assert {result.reason for result in found.results if "no rows" not in result.reason} >= {
        "raised RuntimeError: out of registers"
    }
    assert not any("layout=" in result.reason for result in found.results)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_of_torch_conforms_with_channels(reduction: str) -> None:
    module = nn.CrossEntropyLoss(reduction=reduction)
    subject = from_torch(module, targets="index", domain=CHANNELS, formats=["fp32"])
    found = certified(subject)
    assert found.verdict == "conforms"
    assert "logits of shape (N, n, d1) and (N, n, d1, d2)" in found.claimed[1]


def mean(z: Any, y: Any) -> Any:
    return functional.cross_entropy(z, y)


@pytest.mark.parametrize("domain", [CHANNELS, {}])
def test_a_mean_that_nobody_claims_is_taken_apart_row_by_row(domain: dict[str, str]) -> None:
    assert certified(
        from_torch(mean, targets="index", formats=["fp32"], domain=domain)
    ).verdict == ("conforms")


def last_axis(z: Any, t: Any) -> Any:
    """Return a loss of channels that takes its classes from the last axis."""
    return -(t * torch.log_softmax(z, -1)).sum(1)


def test_a_torch_loss_with_classes_from_the_last_axis_is_refuted_with_channels() -> None:
    domain = {"layout": "channels", "finite_logits": True}
    assert certified(from_torch(last_axis, formats=["fp32"], domain=domain)).verdict == "refuted"


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize(("layout", "axis"), [("sequence", -1), ("channels", 1)])
def test_a_jax_loss_is_right_in_its_layout(
    layout: str, axis: int, *, reduced: bool, jit: bool
) -> None:
    def loss(z: jax.Array, t: jax.Array) -> jax.Array:
        assert z.ndim > 2
        each = -(t * jax.nn.log_softmax(z, axis)).sum(axis)
        return each.mean() if reduced else each

    functions = from_jax(loss, domain={"layout": layout}, jit=jit).functions
    for rows in (1, 6, 12):
        z = np.linspace(-1, 2, rows * 3).reshape(rows, 3)
        t, g = np.eye(3)[np.arange(rows) % 3], np.arange(rows) % 2 + 1.0
        expected = g[:, None] * (softmax_of(z, 1) - t)
        assert functions["dE/dz"](z, t, g) == pytest.approx(expected)
        assert functions["loss"](z, t) == pytest.approx(-np.log(softmax_of(z, 1)[t == 1]))


def test_a_refutation_is_reproduced_by_its_snippet(tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def f(z, t):\n"
        "    p = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "    return p / p.sum(axis=-1, keepdims=True) - t\n"
    )
    monkeypatch.chdir(tmp_path)
    found = certified("mine.py:f", formats=["fp64"], domain=CHANNELS)
    discrepancy = found.refutations[0].discrepancy
    assert discrepancy is not None
    assert "domain={'layout': 'channels'}" in discrepancy.snippet
    assert "# f takes rows, and calls it with shape (1, 2, 1" in discrepancy.snippet
    printed: list[Any] = []
    exec(discrepancy.snippet, {"print": printed.append})
    assert [repr(float(value)) for value in printed[-1][discrepancy.row]] == [
        repr(float(text)) for text in discrepancy.returned
    ]


def test_an_isolated_subject_gets_its_layout_too(tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def f(z, t):\n"
        "    b, s, n = z.shape\n"
        "    p = np.exp(z - z.max(axis=-1, keepdims=True))\n"
        "    return p / p.sum(axis=-1, keepdims=True) - t\n"
    )
    monkeypatch.chdir(tmp_path)
    found = certified("mine.py:f", formats=["fp64"], domain=SEQUENCE, limits=gradcert.Limits())
    assert found.verdict == "conforms"


# A loss that returns more than its value.


def with_z_loss(z: Any, y: Any) -> tuple[Any, Any]:
    loss = functional.cross_entropy(z, y, reduction="none")
    return loss, loss.detach()


def test_of_a_tuple_from_a_torch_loss_the_first_is_taken_and_the_certificate_says_so() -> None:
    found = certified(from_torch(with_z_loss, targets="index", **OF_EACH_ROW))
    assert found.verdict == "conforms"
    assert found.claimed[2:] == ("the first of the 2 values that it returns",)
    assert "the first of the 2 values that it returns" in claims(found)


def test_of_a_tuple_from_a_jax_loss_the_first_is_taken_and_it_says_so() -> None:
    def loss(z: jax.Array, t: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        return -(t * jax.nn.log_softmax(z)).sum(-1), {"lse": z}

    subject = from_jax(loss)
    assert subject.observed is not None
    assert subject.observed() == ()
    z, t = np.zeros((2, 2)), np.eye(2)
    assert subject.functions["dE/dz"](z, t, np.ones(2)).tolist() == (0.5 - t).tolist()
    assert subject.observed() == ("the first of the 2 values that it returns",)


# What was not tried.


@pytest.mark.parametrize("takes", [False, True])
def test_the_certificate_says_that_the_upstream_gradient_is_one_where_it_is(*, takes: bool) -> None:
    def plain(z: Array, t: Array) -> Any:
        return softmax_of(z, 1) - t

    found = certified(over(1) if takes else plain, formats=["fp64"], domain={})
    said = "upstream gradient: ones; the function takes no other"
    assert (said in found.not_claimed) is not takes


def test_the_certificate_of_a_torch_loss_says_what_was_not_tried() -> None:
    found = certified(from_torch(nn.CrossEntropyLoss(reduction="none"), **OF_EACH_ROW))
    assert "no ignored rows: ignore_index is not claimed" in found.not_claimed
    assert not any("upstream" in line for line in found.not_claimed)
