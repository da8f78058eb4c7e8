"""What a library returns for targets that do not sum to one, and the slopes of its own loss.

``python beyond.py LIBRARY``, in the library's own environment, prints JSON: the gradient that the
library returns for one row, and the slopes of its loss there, by differences of the loss's values.
``python beyond.py SPEC FORMAT`` does it for a program, which does not say its formats.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from gradcert_implementations import load
from gradcert_implementations.interface import Function
from gradcert_implementations.names import QuantityName
from gradcert_oracle.formats import FORMATS

LOGITS = (1.0, 2.0, 3.0)
TARGETS = (0.5, 1.0, 0.5)

_STEPS = {"binary64": 1e-3, "binary32": 3e-2}
_NEAR = 1e-3
"""The two formulas differ by 0.09 or more, and the slopes are exact to 1e-4 in both formats."""


@dataclass(frozen=True)
class Beyond:
    """The answers of one library for the row of LOGITS and TARGETS.

    Attributes
    ----------
    gradient
        What it returns for dE/dz.
    slopes
        The slopes of its own loss, by central differences. Empty if its adapter claims no loss.
    """

    gradient: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        """Whether the gradient is the slopes of its own loss."""
        return near(self.gradient, self.slopes)


def near(some: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether these are the same values, as exactly as slopes by differences are known."""
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


def _functions(spec: str, format: str | None) -> Mapping[QuantityName, Function]:
    if format is None:
        return load(spec).functions
    return load(spec, quantities=("loss", "dE/dz"), formats=(format,), targets="any").functions


def beyond_of(spec: str, format: str | None = None) -> Beyond:
    """Return the answers of what is installed here: a library, or a program in this format."""
    functions = _functions(spec, format)
    step, dtype = _STEPS[format or "binary64"], FORMATS[format or "binary64"].dtype
    z, t = (np.array([row], dtype) for row in (LOGITS, TARGETS))
    gradient = functions["dE/dz"](z.copy(), t.copy())[0]
    if "loss" not in functions:
        return Beyond(tuple(gradient.tolist()), ())
    steps = step * np.eye(z.size, dtype=z.dtype)[:, None]
    ahead, behind = (
        [functions["loss"](z + sign * step, t.copy()).item() for step in steps] for sign in (1, -1)
    )
    slopes = (np.array(ahead) - np.array(behind)) / (2 * step)
    return Beyond(tuple(gradient.tolist()), tuple(slopes.tolist()))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(beyond_of(*sys.argv[1:]))))
