"""What a library returns where targets do not sum to one, and what its own loss says there.

``python beyond.py LIBRARY``, in the library's own environment, prints JSON: the gradient of one row
as the library returns it, and the slopes of its loss there, by differences of the loss's values.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from gradcert_implementations import load

LOGITS = (1.0, 2.0, 3.0)
TARGETS = (0.5, 1.0, 0.5)

_STEP = 1e-3
_NEAR = 1e-3
"""The two formulas are 0.09 apart at the least, and differences in binary64 exact to 1e-5."""


@dataclass(frozen=True)
class Beyond:
    """What one library says about the row of LOGITS and TARGETS.

    Attributes
    ----------
    gradient
        What it returns for dE/dz.
    slopes
        Of its own loss, by central differences; empty where its adapter claims no loss.
    """

    gradient: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        """Whether it returns the slopes of its own loss."""
        return near(self.gradient, self.slopes)


def near(some: Sequence[float], other: Sequence[float]) -> bool:
    """Tell whether these are the same values, as differences of a loss can tell."""
    return all(abs(a - b) < _NEAR for a, b in zip(some, other, strict=True))


def formula(values: Sequence[float]) -> str:
    """Return which formula the values are: ``o T - t``, ``o - t``, or neither.

    Examples
    --------
    >>> formula((0.59, -0.76, 0.17))
    'neither'
    """
    powers = [math.exp(z) for z in LOGITS]
    o = [power / sum(powers) for power in powers]
    for name, total in (("o T - t", sum(TARGETS)), ("o - t", 1.0)):
        known = [p * total - t for p, t in zip(o, TARGETS, strict=True)]
        if near(values, known):
            return name
    return "neither"


def asked(library: str) -> Beyond:
    """Ask a library that is installed here."""
    functions = load(library).functions
    z, t = np.array([LOGITS]), np.array([TARGETS])
    gradient = functions["dE/dz"](z.copy(), t.copy())[0]
    if "loss" not in functions:
        return Beyond(tuple(gradient.tolist()), ())
    steps = _STEP * np.eye(z.size)[:, None]
    ahead, behind = (
        [functions["loss"](z + sign * step, t.copy()).item() for step in steps] for sign in (1, -1)
    )
    slopes = (np.array(ahead) - np.array(behind)) / (2 * _STEP)
    return Beyond(tuple(gradient.tolist()), tuple(slopes.tolist()))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asked(sys.argv[1]))))
