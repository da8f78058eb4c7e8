"""The parts of a batch of wide rows: some of the classes, with what is known of whole rows."""

import functools
from dataclasses import dataclass

from gradcert_oracle.batches import Batch
from gradcert_oracle.means import Mean
from gradcert_oracle.rescaled_logits import RescaledLogits
from gradcert_oracle.softmaxes import Softmax
from gradcert_oracle.wider import Array, Balance, Pair, blocks

__all__ = ["parts_of"]


@dataclass(frozen=True)
class _Part(Batch):
    """Some of the classes of a batch. What is known of whole rows is that of the batch.

    Attributes
    ----------
    whole
        The batch.
    places
        Which of its classes.
    """

    whole: Batch
    places: slice

    @classmethod
    def of(cls, whole: Batch, places: slice) -> "_Part":
        """Return a part of a batch."""
        arguments = {name: array[:, places] for name, array in whole.arguments.items()}
        return cls(
            arguments,
            whole.arithmetic,
            whole,
            places,
            factors=whole.factors,
            squares=whole.squares,
            rescaling=whole.rescaling,
            widths=whole.widths,
        )

    @functools.cached_property
    def classes(self) -> int:
        return self.whole.classes

    @functools.cached_property
    def rescaled(self) -> RescaledLogits | None:
        rescaled = self.whole.rescaled
        return rescaled and rescaled.part(self.places)

    @functools.cached_property
    def softmax(self) -> Softmax:
        return self.whole.softmax.part(self.places)

    @functools.cached_property
    def largest(self) -> Pair:
        return self.whole.largest

    @functools.cached_property
    def targets(self) -> Balance:
        return self.whole.targets

    @functools.cached_property
    def moved(self) -> Balance:
        return self.whole.moved

    @functools.cached_property
    def mean(self) -> Mean:
        return self.whole.mean

    @functools.cached_property
    def target_radii(self) -> Array:
        return self.whole.target_radii

    @functools.cached_property
    def log_mass(self) -> Pair:
        return self.whole.log_mass

    @functools.cached_property
    def weighted_drop(self) -> Array:
        return self.whole.weighted_drop

    @functools.cached_property
    def weighted_move(self) -> Array:
        return self.whole.weighted_move


def parts_of(batch: Batch) -> list[tuple[slice, Batch]]:
    """Return parts of some thousand classes, which stay in the processor's cache.

    Each comes with its place among the classes of the batch. A batch that is small is one part.

    Examples
    --------
    >>> import numpy as np
    >>> from gradcert_oracle.wider import PLAIN
    >>> parts = parts_of(Batch({"logits": np.zeros((2, 50_000))}, PLAIN))
    >>> sum(part["logits"].shape[1] for _, part in parts), {part.classes for _, part in parts}
    (50000, {50000})
    """
    every = blocks(batch.columns)
    if len(every) == 1:
        return [(every[0], batch)]
    return [(places, _Part.of(batch, places)) for places in every]
