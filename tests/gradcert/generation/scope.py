"""The scope of a plan: everything about a claim that its cases depend on."""

from dataclasses import dataclass, field
from math import inf, sqrt
from zlib import crc32

import numpy as np

from gradcert.core.claim import Claim
from gradcert.core.stored import LOG_PROBABILITIES, LOGITS
from gradcert.generation.draws import Seeded
from gradcert_implementations import Loss, TargetDomain
from gradcert_oracle import Format

__all__ = ["Scope", "VectorDomain", "largest_logit", "scope_of"]

_NORMALISED: tuple[TargetDomain, ...] = ("index", "probability")

_LOGARITHM = 16
"""More than the logarithm of the number of classes."""


@dataclass(frozen=True)
class VectorDomain:
    """Where v may stand.

    Attributes
    ----------
    masked
        Whether v may be any number where a logit is -inf.
    weighted
        Whether v is multiplied by the sum of the targets.
    """

    masked: bool
    weighted: bool


@dataclass(frozen=True)
class Scope:
    """What a plan depends on. Claims with equal scopes have the same cases.

    Attributes
    ----------
    logits
        Whether the first argument is logits, and not probabilities.
    format, targets
        The format, and the domain of the targets.
    largest, heaviest
        The largest size of a logit, and of the sum of the targets' sizes.
    masked
        Whether a logit may be -inf.
    fewest
        The fewest classes.
    seed
        What the plan is drawn from.
    loss
        The loss that the cases are for.
    upstream
        Whether there is an upstream gradient.
    only
        The only number of classes, if there is no other.
    anything
        Whether an ignored row may hold anything.
    vectors
        How v may look; None if there is no v.
    """

    logits: bool
    format: Format
    targets: TargetDomain
    largest: float
    heaviest: float
    masked: bool
    fewest: int
    seed: int
    loss: Loss = field(default_factory=Loss)
    upstream: bool = False
    only: int | None = None
    anything: bool = False
    vectors: VectorDomain | None = None

    def accepts(self, classes: int) -> bool:
        """Return whether rows may have this number of classes."""
        return classes >= self.fewest and self.only in (None, classes)

    def generator(self, *part: int) -> np.random.Generator:
        """Return a generator for a part of the plan, the same one for equal scopes."""
        # By name, because the text of a format's record is not the same everywhere.
        numbers = self.largest, self.heaviest, self.only or self.fewest, self.seed
        key = self.logits, self.format.name, self.targets, self.masked, *numbers
        return np.random.default_rng([crc32(repr(key).encode()), *part])


def largest_logit(claim: Claim, unlike: int) -> float:
    """Return the largest logit to draw, a number of the format.

    Parameters
    ----------
    claim
        Its domain has a largest logit; its loss must stay in range.
    unlike
        How many targets of a row may be as large as four.
    """
    format, domain = claim.format, claim.implementation.domain
    largest = domain.largest_logit
    if claim.quantity.unbounded and domain.targets not in _NORMALISED:
        # A loss of two logits this far apart, times the sum of the targets, is still in range.
        largest = min(largest, format.max / (2 * 4 * unlike + 2))
    scale = claim.loss.logit_scale
    if scale > 1:
        largest = min(largest, format.max / (4 * scale))
    if claim.loss.z_loss:
        # Some square the logarithm of the sum before they multiply.
        largest = min(largest, sqrt(format.max) / (4 * scale))
    if claim.quantity.arguments[0] == LOG_PROBABILITIES:
        # Two logits may differ by twice their size, and so the stored logarithms are as large.
        largest = min(largest, format.max / 2 - _LOGARITHM)
    nearest = np.array(min(largest, format.max)).astype(format.dtype)
    if float(nearest) > largest:
        nearest = np.nextafter(nearest, np.zeros_like(nearest))
    return max(float(nearest), format.smallest_subnormal)


def scope_of(claim: Claim, seed: int) -> Scope:
    """Return the scope of a claim's plan.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary16"]))
    >>> scope_of(claim, 0).largest, scope_of(claim, 0).logits
    (10000.0, True)
    """
    format, domain, loss = claim.format, claim.implementation.domain, claim.loss
    largest = largest_logit(claim, Seeded.pattern)
    names = claim.quantity.arguments
    vectors = VectorDomain(claim.quantity.masked_v, "targets" in names) if "v" in names else None
    room = 4 * (largest + _LOGARITHM) if claim.quantity.unbounded else 8
    if claim.quantity.shares:
        weights = loss.class_weights if isinstance(loss.class_weights, tuple) else ()
        room *= max(1.0, abs(loss.multiplier)) * max(1.0, loss.logit_scale) * max((1.0, *weights))
    return Scope(
        logits=claim.point == LOGITS,
        format=format,
        targets=domain.targets,
        largest=largest,
        heaviest=inf if domain.targets in _NORMALISED else format.max / room,
        masked=claim.masked,
        fewest=claim.fewest_classes,
        seed=seed,
        loss=loss,
        upstream=claim.takes_upstream,
        only=claim.only_classes,
        anything=domain.ignored_rows_may_hold_anything,
        vectors=vectors,
    )
