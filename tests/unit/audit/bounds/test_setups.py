"""The data of a test is the same in parts and whole, and so are its right answers."""

from dataclasses import replace

import numpy as np
import pytest

from gradcert.audit.bounds import setups, truth
from gradcert.audit.bounds.requests import setup_of
from gradcert.audit.bounds.setups import drawn
from gradcert.audit.bounds.truth import Truth
from gradcert_implementations import Domain, load
from gradcert_oracle import OracleError

LOSSES = [
    (),
    ("reduction=sum",),
    ("reduction=mean",),
    ("reduction=mean", "mean_over=kept", "ignore_index=-100"),
    ("reduction=mean", "mean_over=weights", "class_weights=0.5,1,2,3,4", "ignore_index=2"),
    ("reduction=mean", "mean_over=elements", "label_smoothing=0.1"),
    ("reduction=mean", "mean_over=kept", "z_loss_mean_over=rows", "z_loss=0.1", "ignore_index=1"),
    ("softcap=2", "logit_scale=0.5", "multiplier=3"),
]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("upstream", ["ones", "normal"])
def test_the_gradient_of_a_part_is_that_of_the_whole_batch(
    loss: tuple[str, ...], upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setups, "NUMBERS_OF_A_PART", 3 * 5)
    ignored = 0.4 if any(one.startswith("ignore_index") for one in loss) else 0.0
    setup = setup_of(
        rows=11, classes=5, loss=loss, upstream=upstream, format="binary64", ignored=ignored
    )
    data = drawn(setup, seed=3)
    parts = list(data.parts())
    assert len(parts) == 4
    found = np.concatenate([answered.want for answered in Truth.of(data).answered()])
    logits, targets = (
        np.concatenate([part.case[name] for part in parts]) for name in ("logits", "targets")
    )
    g = np.concatenate([np.asarray(part.case.upstream) for part in parts])
    by_row = setup.loss.reduction == "none"
    numpy = replace(load("numpy"), domain=Domain(targets="index"))
    gradient = numpy.with_loss(setup.loss).functions["dE/dz"]
    whole = gradient(logits, targets, g if by_row else np.asarray(g[0]))
    assert (g == g[0]).all() or by_row
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=1e-15)


def test_the_same_seed_draws_the_same_data() -> None:
    setup = setup_of(rows=7, classes=4, upstream="normal")
    one, again, other = (next(drawn(setup, seed).parts()).case for seed in (1, 1, 2))
    assert np.array_equal(one.point, again.point)
    assert not np.array_equal(one.point, other.point)


def test_a_right_implementation_that_the_oracle_refuses_ends_the_audit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = load("diagonal-only")
    monkeypatch.setattr(truth, "load", lambda _name: wrong)
    with pytest.raises(OracleError, match="the right implementation is refuted"):
        list(Truth.of(drawn(setup_of(rows=2, classes=3), 0)).answered())


def test_of_wide_data_a_sample_is_enclosed_with_the_last_row() -> None:
    data = drawn(setup_of(rows=50, classes=30_000), seed=0)
    enclosed = Truth.of(data).enclosed
    assert 49 in enclosed
    assert len(enclosed) == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quantity": "dE/do"}, "unknown quantity 'dE/do'"),
        ({"format": "fp8"}, "unknown format 'fp8'"),
        ({"logits": "cauchy"}, "'cauchy' is no distribution"),
        ({"logits": "uniform:1,-1"}, "'uniform:1,-1' is no distribution"),
        ({"targets": "signed"}, "unknown targets 'signed'"),
        ({"ignored": 0.5}, "the loss has no ignore_index"),
        ({"loss": ["label_smoothing=2"]}, "label_smoothing"),
        ({"loss": ["output=sigmoid"]}, "the audit is about the softmax"),
        ({"loss": ["label_smoothing=0.1"], "quantity": "softmax"}, "softmax has no meaning with"),
        ({"loss": ["class_weights=1,2"]}, "the loss has 2 classes, and --classes is 3"),
        ({"loss": ["ignore_index=0"], "targets": "probability"}, "needs class indices"),
    ],
)
def test_what_contradicts_itself_is_one_line(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as found:
        setup_of(**{"rows": 4, "classes": 3, **values})  # type: ignore[arg-type]
    assert "\n" not in str(found.value)


def test_data_without_a_kept_row_is_refused() -> None:
    setup = setup_of(rows=3, classes=3, loss=["ignore_index=-100"], ignored=1.0)
    with pytest.raises(ValueError, match="every row is ignored"):
        drawn(setup, 0)


def test_a_mean_over_weights_that_are_zero_is_refused() -> None:
    loss = ["reduction=mean", "mean_over=weights", "class_weights=1,0,0,0"]
    setup = setup_of(rows=1, classes=4, loss=loss)
    with pytest.raises(ValueError, match="the weights of all labels are zero"):
        drawn(setup, 0)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"logits": "uniform:-1e308,1e308", "format": "binary64"}, "logits"),
        ({"logits": "normal:1e6", "format": "binary16"}, "logits"),
        ({"quantity": "hvp", "upstream": "normal:1e300"}, "v"),
    ],
)
def test_numbers_that_the_format_does_not_hold_are_refused(
    values: dict[str, str], name: str
) -> None:
    setup = setup_of(**{"rows": 2, "classes": 3, **values})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"the {name} that are drawn are not finite in"):
        list(drawn(setup, 0).parts())
