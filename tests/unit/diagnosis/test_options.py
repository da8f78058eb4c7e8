"""A refutation that an option of the loss explains says so, with the number that is right."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from command_line import SCRIPT, run, squeezed

from gradcert import certify
from gradcert_implementations import (
    Array,
    Domain,
    Flaw,
    Implementation,
    Loss,
    load,
)
from gradcert_implementations.adapters.numpy_function import from_numpy
from gradcert_reports import Certificate, Report, details, html, markdown

WEIGHTS = (0.5, 2.0, 1.0)
BY_LABEL = Domain(targets="index")
THREE_CLASSES = Domain(targets="index", classes=3)


@dataclass(frozen=True)
class Written:
    """A loss as somebody writes it down; `divided` says what the gradient is divided by."""

    smoothing: float = 0.0
    others: bool = False
    weights: tuple[float, ...] | None = None
    scale: float = 1.0
    cap: float | None = None
    z_loss: float = 0.0
    factor: float = 1.0
    divided: str = "nothing"

    def divisor(self, t: Array) -> float:
        labels = t.argmax(axis=1)[t.any(axis=1)]
        numbers = {
            "nothing": 1.0,
            "rows": float(len(t)),
            "elements": float(t.size),
            "kept": float(len(labels)),
            "weights": float(np.resize(WEIGHTS, t.shape[1])[labels].sum()),
        }
        return numbers[self.divided] or 1.0

    def capped(self, z: Array) -> tuple[Array, Array]:
        """Return u and its slope."""
        scale = z.dtype.type(self.scale)
        if self.cap is None:
            return z * scale, np.full_like(z, scale)
        cap = z.dtype.type(self.cap)
        bent = np.tanh(z * scale / cap)
        return bent * cap, scale * (1 - bent) * (1 + bent)

    def moved(self, t: Array) -> Array:
        classes = t.shape[1]
        share = self.smoothing * (classes / max(1, classes - 1) if self.others else 1)
        moved = t * t.dtype.type(1 - share) + t.dtype.type(share / classes)
        weights = np.ones(classes) if self.weights is None else self.weights
        return moved * np.array(weights, t.dtype)

    def value(self, z: Array, t: Array) -> Array:
        a, (u, _) = self.moved(t), self.capped(z)
        largest = u.max(axis=1, keepdims=True)
        added = np.log(np.exp(u - largest).sum(axis=1, keepdims=True))
        total = np.where(a == 0, 0, a * (added - (u - largest))).sum(axis=1)
        square = (largest + added)[:, 0] ** 2 * z.dtype.type(self.z_loss)
        result: Array = (total + square) * z.dtype.type(self.factor)
        return result

    def gradient(self, z: Array, t: Array) -> Array:
        (u, slope), a = self.capped(z), self.moved(t) / t.dtype.type(self.divisor(t))
        largest = u.max(axis=1, keepdims=True)
        powers = np.exp(u - largest)
        mass = powers.sum(axis=1, keepdims=True)
        square = (largest + np.log(mass)) * z.dtype.type(2 * self.z_loss)
        difference = (a.sum(axis=1, keepdims=True) + square) * (powers / mass) - a
        result: Array = difference * slope * z.dtype.type(self.factor)
        return result


def certified(subject: Implementation, **options: object) -> Certificate:
    return certify(subject, max_examples=5, effort="quick", **options)  # type: ignore[arg-type]


def claiming(
    written: Written,
    loss: Loss | None = None,
    domain: Domain | None = None,
    value: Written | None = None,
) -> Implementation:
    """Return the implementation of a gradient; with a loss too, if there is one."""
    functions = {"loss": value.value} if value else {}
    return Implementation(
        name="mine",
        functions={**functions, "dE/dz": written.gradient},  # type: ignore[dict-item]
        formats=("binary64",),
        loss=loss or Loss(),
        domain=domain or Domain(),
    )


def proposed(found: Certificate) -> list[str]:
    """Return the options NAME=VALUE that every diagnosis proposes."""
    assert found.verdict == "refuted"
    each = {
        tuple(f"{option.name}={option.value}" for option in one.other_loss.options)
        if one.other_loss
        else ()
        for one in found.diagnoses
    }
    (only,) = each
    return list(only)


MEANT = [
    (claiming(Written(smoothing=0.037)), ["label_smoothing=0.037"]),
    (
        claiming(Written(smoothing=0.1, others=True)),
        ["label_smoothing=0.1", "smoothing_over=others"],
    ),
    (claiming(Written(weights=WEIGHTS), domain=THREE_CLASSES), ["class_weights=0.5,2,1"]),
    (claiming(Written(scale=1 / 3)), ["logit_scale=0.3333333333333333"]),
    (claiming(Written(cap=30)), ["softcap=30"]),
    (claiming(Written(cap=5), value=Written(cap=5)), ["softcap=5"]),
    (claiming(Written(z_loss=1e-4), value=Written(z_loss=1e-4)), ["z_loss=0.0001"]),
    (claiming(Written(factor=-1)), ["multiplier=-1"]),
    (claiming(Written(divided="elements")), ["reduction=mean", "mean_over=elements"]),
    (
        claiming(Written(divided="kept"), Loss(ignore_index=-100), BY_LABEL),
        ["reduction=mean", "mean_over=kept"],
    ),
    (
        claiming(
            Written(weights=WEIGHTS, divided="weights"), Loss(class_weights=WEIGHTS), THREE_CLASSES
        ),
        ["reduction=mean", "mean_over=weights"],
    ),
    (
        claiming(Written(smoothing=0.1, divided="rows")),
        ["label_smoothing=0.1", "reduction=mean"],
    ),
]


@pytest.mark.parametrize(("subject", "options"), MEANT, ids=lambda one: str(one)[:60])
def test_the_option_that_explains_the_answers_is_proposed_and_makes_them_conform(
    subject: Implementation, options: list[str]
) -> None:
    assert proposed(certified(subject)) == options
    assert certified(subject, loss=options).verdict == "conforms"


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        (
            claiming(Written(), Loss(label_smoothing=0.1)),
            "The answers are those of label_smoothing=0; label_smoothing=0.1 is claimed. "
            "If that is meant, claim --loss label_smoothing=0",
        ),
        (
            claiming(Written(z_loss=2e-4), Loss(z_loss=1e-4)),
            "The answers are those of z_loss=0.0002; z_loss=0.0001 is claimed. "
            "If that is meant, claim --loss z_loss=0.0002",
        ),
        (
            claiming(Written(), Loss(softcap=30)),
            "The answers are those of softcap=none; softcap=30 is claimed. "
            "If that is meant, claim --loss softcap=none",
        ),
    ],
    ids=["smoothing", "z-loss", "softcap"],
)
def test_an_option_that_is_claimed_and_not_applied_is_said_in_every_report(
    subject: Implementation, sentence: str
) -> None:
    found = certified(subject)
    report = Report(certificates=(found,))
    for text in (details(found), markdown(report).replace("\\", ""), html(report)):
        assert sentence in text


def test_the_flaw_that_explains_the_same_cases_is_named_and_the_option_is_said_once() -> None:
    found = certified(claiming(Written(smoothing=0.1)))
    assert found.diagnoses[0].matches[0].flaw == "labels-smoothed"
    told = details(found)
    assert told.count("This is label smoothing 0.1. If it is meant, add --loss") == 1


def test_rows_of_a_label_that_have_zeros_are_ignored_rows() -> None:
    def gradient(z: Array, labels: Array) -> Array:
        found = Written().gradient(z, np.eye(z.shape[1], dtype=z.dtype)[labels])
        found[labels == 2] = 0
        return found

    subject = from_numpy(gradient, targets="index", formats=["fp64"])
    assert proposed(certified(subject)) == ["ignore_index=2"]


@pytest.mark.parametrize(
    "subject",
    [
        claiming(Written(), value=Written(factor=2)),
        claiming(Written(smoothing=0.1), value=Written(smoothing=0.2)),
    ],
    ids=["the loss only", "two numbers"],
)
def test_no_option_is_proposed_that_would_not_make_all_quantities_conform(
    subject: Implementation,
) -> None:
    assert proposed(certified(subject)) == []


def test_a_factor_that_nobody_writes_is_no_multiplier() -> None:
    assert proposed(certified(claiming(Written(factor=1.4426950408889634)))) == []


def test_class_weights_that_a_function_has_are_said_in_words_and_not_by_their_address() -> None:
    def one_and_two(classes: int) -> list[float]:
        return [1.0 + label % 2 for label in range(classes)]

    subject = claiming(Written(), Loss(class_weights=one_and_two), BY_LABEL)
    (diagnosis,) = certified(subject).diagnoses
    assert diagnosis.other_loss is not None
    (option,) = diagnosis.other_loss.options
    assert (option.name, option.value, option.claimed) == ("class_weights", "none", "a function")


NO_OPTIONS = [
    "diagonal-only",
    "temperature-left-on",
    "softcap-without-its-slope",
    "binary16-sum",
    "logits-clamped",
    "first-upstream-gradient-for-all",
    "probability-rounded-to-a-narrow-format",
]


@pytest.mark.parametrize("name", NO_OPTIONS)
def test_a_mistake_that_is_no_option_is_not_said_to_be_one(name: str) -> None:
    flaw = load(name)
    assert isinstance(flaw, Flaw)
    subject = Implementation(
        name="mine",
        functions={"dE/dz": flaw.functions["dE/dz"]},
        formats=flaw.formats,
        domain=flaw.domain,
        takes_upstream=flaw.takes_upstream,
    )
    assert proposed(certified(subject)) == []


def test_a_flaw_is_no_other_loss_because_it_makes_its_mistake_under_every_loss() -> None:
    assert proposed(certified(load("labels-smoothed", quantities=["dE/dz"]))) == []


SUBJECTS = """
import numpy as np

def by_logits(z, t):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - t

def smoothed(z, t):
    return by_logits(z, t * z.dtype.type(0.9) + z.dtype.type(0.1 / z.shape[1]))

def doubled(z, t):
    return 2 * by_logits(z, t)

def scaled(z, t):
    half = z.dtype.type(0.5)
    return by_logits(z * half, t) * half

def mean(z, t):
    return by_logits(z, t) / z.dtype.type(max(1, len(z)))
"""


@pytest.mark.parametrize("name", ["smoothed", "doubled", "scaled", "mean"])
def test_the_command_that_is_proposed_ends_in_a_certificate_that_conforms(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(SUBJECTS)
    command = [str(SCRIPT), "certify", f"mine.py:{name}", "--quick", "--max-examples", "5"]
    command += ["--jobs", "1", "--format", "fp32"]
    refuted = run(command, tmp_path)
    assert refuted.returncode == 1
    _, _, added = squeezed(refuted.stdout).partition("If it is meant, add ")
    options = added.splitlines()[0].split()
    assert options[0] == "--loss"
    assert run([*command, *options], tmp_path).returncode == 0


def test_a_smoothing_that_a_pytorch_loss_has_and_the_claim_has_not_is_read_off() -> None:
    pytest.importorskip("torch")
    subject = load(
        "torch:torch.nn:CrossEntropyLoss(label_smoothing=0.1)",
        quantities=["dE/dz"],
        formats=["fp64"],
        loss={"label_smoothing": 0},
    )
    found = certified(subject)
    assert proposed(found) == ["label_smoothing=0.1"]
