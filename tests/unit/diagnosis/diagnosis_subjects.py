"""Subjects with a mistake, for the tests of the diagnosis.

They are written here and not taken from the catalogue, with other operations in another order, so
that a diagnosis has to see through their rounding.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from subjects import right

from gradcert import certify
from gradcert_implementations import (
    Array,
    Domain,
    FormatName,
    Implementation,
    QuantityName,
    TargetDomain,
)
from gradcert_reports import Certificate, Diagnosis

BOTH: tuple[FormatName, ...] = ("binary64", "binary32")


def certificate(
    function: Callable[..., Array],
    quantity: QuantityName = "dE/dz",
    *,
    formats: tuple[FormatName, ...] = ("binary64",),
    targets: TargetDomain = "probability",
    largest_logit: float = 1e4,
    max_examples: int = 20,
    effort: str = "quick",
    seed: int = 0,
) -> Certificate:
    """Certify a function as an implementation of one quantity, as a quick run does by default."""
    subject = Implementation(
        name="theirs",
        functions={quantity: function},
        formats=formats,
        domain=Domain(targets=targets, largest_logit=largest_logit),
    )
    return certify(subject, max_examples=max_examples, effort=effort, seed=seed)


def diagnosis(function: Callable[..., Array], *arguments: Any, **options: Any) -> Diagnosis:
    """Return the only diagnosis of a function that is refuted."""
    found = certificate(function, *arguments, **options)
    assert found.verdict == "refuted"
    (only,) = found.diagnoses
    return only


def matches(found: Diagnosis) -> dict[str, int]:
    """Return how many cases each flaw explains that names the mistake."""
    return {match.flaw: match.explains for match in found.matches}


def explained(found: Diagnosis) -> dict[str, int]:
    """Return how many cases each flaw explains, wholly or partly."""
    return {match.flaw: match.explains for match in (*found.matches, *found.partly)}


def softmax(z: Array) -> Array:
    powers = np.exp(np.subtract(z, np.amax(z, axis=1)[:, None]))
    o: Array = np.divide(powers, np.add.reduce(powers, axis=1)[:, None])
    return o


# Right answers.


def loss_of_differences(z: Array, t: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    nats = np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y
    result: Array = np.add.reduce(np.where(t == 0, 0, t * nats), axis=1)
    return result


# Mistakes of the catalogue.


def descent_direction(z: Array, t: Array) -> Array:
    return np.negative(right(z, t))


def diagonal_of_an_explicit_jacobian(z: Array, t: Array) -> Array:
    o = softmax(z)
    jacobian = np.einsum("bi,ij->bij", o - o * o, np.eye(z.shape[1], dtype=z.dtype))
    slopes = -np.divide(t, o, out=np.zeros_like(t), where=t != 0)
    product: Array = np.einsum("bi,bij->bj", slopes, jacobian)
    return product


def softmax_of_probabilities(z: Array, t: Array) -> Array:
    return right(softmax(z), t)


def in_bits(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * np.log2(np.e).astype(z.dtype)
    return result


def unshifted(z: Array, t: Array) -> Array:
    powers = np.exp(z)
    # No reciprocal: that of a subnormal sum overflows, which is another mistake.
    result: Array = np.divide(powers.T, np.einsum("bj->b", powers)).T - t
    return result


def working_in_its_arguments(z: Array, t: Array) -> Array:
    if not z.flags.writeable:
        z = z.copy()
    np.subtract(z, np.amax(z, axis=1)[:, None], out=z)
    np.exp(z, out=z)
    np.divide(z, np.add.reduce(z, axis=1)[:, None], out=z)
    return np.subtract(z, t)


class Belated:
    """Returns the answer of the call before, if that has the right shape."""

    def __init__(self) -> None:
        self.pending: Array | None = None

    def __call__(self, z: Array, t: Array) -> Array:
        now = right(z, t)
        before, self.pending = self.pending, now.copy()
        fits = before is not None and (before.shape, before.dtype) == (now.shape, now.dtype)
        return before if fits and before is not None else now


class OneBuffer:
    """Writes all answers of one shape to the same place."""

    def __init__(self) -> None:
        self.places: dict[Any, Array] = {}

    def __call__(self, z: Array, t: Array) -> Array:
        place = self.places.setdefault((z.shape, z.dtype), np.empty_like(z))
        np.copyto(place, right(z, t))
        return place


def shifted_by_the_largest_of_all(z: Array, t: Array) -> Array:
    if not z.size:
        return np.zeros_like(z)
    powers = np.exp(z - np.amax(z))
    result: Array = powers / np.add.reduce(powers, axis=1)[:, None] - t
    return result


def in_binary32_from_the_last_class(z: Array, t: Array) -> Array:
    y = z.astype(np.float32)
    powers = np.exp(y - np.amax(y, axis=1)[:, None])
    total = np.zeros(len(z), np.float32)
    for column in reversed(powers.T):
        total = total + column
    result = powers * (np.float32(1) / total)[:, None] - t.astype(np.float32)
    widened: Array = result.astype(z.dtype)
    return widened


def mean_of_the_rows(z: Array, t: Array) -> Array:
    share: Array = np.reciprocal(np.array(max(len(z), 1), z.dtype))
    return share * right(z, t)


def normalised_down_the_columns(z: Array, t: Array) -> Array:
    return right(z.T, t.T).T.copy() if len(z) else z.copy()


def at_half_the_logits(z: Array, t: Array) -> Array:
    return right(z * z.dtype.type(0.5), t)


def hiding_nan(z: Array, t: Array) -> Array:
    found = right(z, t)
    return np.where(found == found, found, np.zeros_like(found))


def zeros(z: Array, _t: Array) -> Array:
    return np.zeros_like(z)


def loss_in_bits(z: Array, t: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    nats = np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y
    bits = np.where(t == 0, 0, t * nats) * np.log2(np.e).astype(z.dtype)
    result: Array = np.add.reduce(bits, axis=1)
    return result


def loss_of_logarithms(z: Array, t: Array) -> Array:
    logarithms = np.log(softmax(z))
    result: Array = -np.einsum("bj,bj->b", t, logarithms)
    return result


def jacobian_of_a_diagonal(z: Array) -> Array:
    o = softmax(z)
    result: Array = np.einsum("bi,ij->bij", o - o * o, np.eye(z.shape[1], dtype=z.dtype))
    return result


def slope_of_two_classes(o: Array, t: Array) -> Array:
    result: Array = (t - o) / (o - o * o)
    return result


# Mistakes that no flaw of the catalogue makes.


def scaled(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * z.dtype.type(1.04)
    return result


def wrong_at_the_target(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * np.where(t > 0, z.dtype.type(1.5), z.dtype.type(1))
    return result


def leaking_from_the_first_row(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[1:] += found[:1] / 2
    return found


class Noisy:
    """Adds another draw at every call."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, z: Array, t: Array) -> Array:
        result: Array = right(z, t) + self.rng.normal(size=z.shape).astype(z.dtype)
        return result


def raising(_z: Array, _t: Array) -> Array:
    raise RuntimeError


def negative_slopes(o: Array, t: Array) -> Array:
    result: Array = t / o
    return result


def negative_softmax(z: Array) -> Array:
    return np.negative(softmax(z))


def difference_of_products(z: Array, v: Array) -> Array:
    o = softmax(z)
    result: Array = o * v - o * np.add.reduce(o * v, axis=1)[:, None]
    return result
