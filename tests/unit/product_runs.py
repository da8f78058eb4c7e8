"""Programs of log-softmax, of products with a vector and of dE/dt, as people write them.

They run one operation at a time in a format, and may replace what underflows by zero. The tests run
some. To run many, and see how much of the budgets they use: ``python tests/unit/product_runs.py
10000``.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from drawn_products import drawn
from float_runs import (
    SIXTEEN_BITS,
    TOTALS,
    Total,
    arithmetics,
    complement_is_void,
    exp,
    exp2,
    log2,
    softmax,
    sums_of_others,
)
from numpy.random import Generator

from gradcert_oracle import (
    ALLOWED,
    BINARY32,
    HESSIAN_VECTOR_PRODUCT,
    LOG_SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD,
    TARGET_GRADIENT,
    Algorithm,
    Format,
    Question,
    algorithms,
    budgets,
    enclose,
    scale,
)


@dataclass(frozen=True)
class Row:
    """What the programs are given of a row, and the shares that one of them has computed.

    Attributes
    ----------
    v, t
        The vector and the targets; empty where the quantity does not take them.
    o, logs
        The probabilities and their logarithms.
    powers, mass
        The exponentials and their sum.
    total
        The order of the sums.
    normal
        The smallest normal number, where what is smaller is replaced by zero; else zero.
    """

    v: np.ndarray
    t: np.ndarray
    o: np.ndarray
    logs: np.ndarray
    powers: np.ndarray
    mass: np.generic
    total: Total
    normal: float

    def kept(self, x: np.ndarray) -> np.ndarray:
        """Return numbers without those that underflow."""
        return np.where(np.abs(x) < self.normal, np.zeros_like(x), x)

    def product(self, x: np.ndarray, y: np.ndarray | np.generic) -> np.ndarray:
        return self.kept(x * y)

    def mean(self, o: np.ndarray, v: np.ndarray) -> np.generic:
        return self.total(self.product(o, v))

    def less(self, v: np.ndarray, mean: np.generic) -> np.ndarray:
        return self.kept(v - mean)

    def of_softmax(self, o: np.ndarray, v: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the backward of softmax as different programs compute it."""
        mean = self.mean(o, v)
        yield "o (v - o.v)", self.product(o, self.less(v, mean))
        yield "o v - o (o.v)", self.product(o, v) - self.product(o, mean)
        online = self.mean(self.powers, v) / self.mass
        yield "o (v - e.v / S)", self.product(o, self.less(v, online))
        moved = self.product(self.powers, self.less(v, online))
        yield "e (v - e.v / S) / S", self.kept(moved / self.mass)
        scaled = self.product(self.powers, v)
        late = scaled - self.product(self.powers, self.total(scaled) / self.mass)
        yield "(e v - e (e.v / S)) / S", self.kept(late / self.mass)
        inverse = o.dtype.type(1) / self.mass
        shares = self.product(self.powers, inverse)
        yield "with 1 / S", self.product(shares, self.less(v, self.mean(shares, v)))
        backwards = self.mean(o[::-1], v[::-1])
        yield "the sum in reverse", self.product(o, self.less(v, backwards))
        sharp = o.dtype.type(np.dot(o.astype(np.longdouble), v.astype(np.longdouble)))
        yield "a compensated sum", self.product(o, self.less(v, sharp))

    def of_log_softmax(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the backward of log-softmax."""
        v, o, total = self.v, self.o, self.total(self.v)
        yield "v - o sum v", v - self.product(o, total)
        yield "from log-probabilities", v - self.product(exp(self.logs), total)
        yield "v - e (sum v / S)", v - self.product(self.powers, total / self.mass)
        yield "v - e sum v / S", v - self.kept(self.product(self.powers, total) / self.mass)
        rests = sums_of_others(o, self.total), sums_of_others(v, self.total)
        yield "complement", self.product(v, rests[0]) - self.product(o, rests[1])

    def of_hessian(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the Hessian times v."""
        v, o, total = self.v, self.o, self.total(self.t)
        for name, found in self.of_softmax(o, v):
            yield f"T ({name})", self.product(found, total)
        for name, found in self.of_softmax(o, self.product(v, total)):
            yield f"T v, {name}", found
        heavy = self.product(o, total)
        mean = self.mean(o, v)
        yield "T o (v - o.v)", self.product(heavy, self.less(v, mean))
        yield "T o v - T o (o.v)", self.product(heavy, v) - self.product(heavy, mean)
        both = self.product(o, v)
        yield "T o v - o (T o.v)", self.product(both, total) - self.product(o, total * mean)
        yield "T o v - o (T o . v)", self.product(heavy, v) - self.product(o, self.mean(heavy, v))

    def programs(self, asked: Question) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the values of a quantity as different programs compute them."""
        if asked.quantity is SOFTMAX_BACKWARD:
            yield from self.of_softmax(self.o, self.v)
        elif asked.quantity is LOG_SOFTMAX_BACKWARD:
            yield from self.of_log_softmax()
        elif asked.quantity is HESSIAN_VECTOR_PRODUCT:
            yield from self.of_hessian()
        else:
            yield "l", -self.logs if asked.quantity is TARGET_GRADIENT else self.logs


def _base_two(
    z: np.ndarray, level: str, total: Total, *, first: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax by powers of two; the shift comes first, or after ``z log2(e)``."""
    log2_e, ln_2 = z.dtype.type(1 / np.log(2)), z.dtype.type(np.log(2))
    scaled = (z - z.max()) * log2_e if first else z * log2_e
    moved = scaled - scaled.max()
    powers = exp2(moved)
    mass = total(powers)
    if level == "log-sum-exp":
        logs = scaled - (scaled.max() + log2(mass))
        return exp2(logs), logs * ln_2
    return powers / mass, (moved - log2(mass)) * ln_2


def _shares(
    z: np.ndarray, asked: Question, algorithm: Algorithm
) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    level, total = algorithm.level, TOTALS[algorithm.summation]
    yield "", softmax(z, asked.format, level, total)
    if level in ("wide", "shifted"):
        yield ", by exp2", _base_two(z, level, total, first=True)
    elif level == "log-sum-exp":
        for given in ("shifted", "log-sum-exp"):
            yield f", {given} by exp2", _base_two(z, given, total, first=False)


def runs(
    asked: Question, algorithm: Algorithm, inner: Format, rng: Generator
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each program and its values, in the format of the answer."""
    dtype, format, total = inner.dtype, asked.format, TOTALS[algorithm.summation]
    z, t, v = (np.array(asked[name]).astype(dtype) for name in ("logits", "targets", "v"))
    normal = inner.smallest_normal if inner.flushes and rng.random() < 0.5 else 0.0
    powers = exp(z - z.max())
    for by, (o, logs) in _shares(z, asked, algorithm):
        row = Row(v, t, o, logs, powers, total(powers), total, normal)
        for name, values in row.programs(asked):
            yield f"{name}{by}", values.astype(format.dtype)
    if algorithm.level == "shifted" and format in SIXTEEN_BITS and asked["v"]:
        wide = z.astype(BINARY32.dtype)
        o, logs = softmax(wide, format, "shifted", total)
        stored = o.astype(dtype).astype(wide.dtype)
        given = v.astype(wide.dtype), t.astype(wide.dtype)
        row = Row(*given, stored, logs, stored, wide.dtype.type(1), total, 0.0)
        for name, values in row.programs(asked):
            if " e " not in f" {name}" and "S" not in name and "log" not in name:
                yield f"{name}, from stored outputs", values.astype(format.dtype)


def uses(asked: Question, algorithm: Algorithm, rng: Generator) -> Iterator[tuple[str, float]]:
    """Yield each program and the most budgets that a value uses; limited budgets are left out.

    Rows on which the level is void, and programs whose form is void on the row, are skipped.
    """
    allowances = budgets(asked, algorithm)
    if allowances is None:
        return
    truth = enclose(asked)
    for inner in arithmetics(asked, algorithm):
        void = complement_is_void(asked, algorithm, inner)
        # What underflows is beside the limit.
        limit = scale(asked) / 32 * (1 - 2.0**-20)
        for name, values in runs(asked, algorithm, inner, rng):
            if void and name.startswith("complement"):
                continue
            if not np.isfinite(values.astype(np.float64)).all():
                continue
            rows = zip(values.astype(np.float64), truth, allowances, strict=True)
            used = [
                float(abs(value - true) / budget) for value, true, budget in rows if budget < limit
            ]
            yield f"{asked.quantity.name}, {name}, {inner.name}", max(used, default=0.0)


def main(wanted: int) -> None:
    """Run the programs on this many rows, and say the most budgets that each used."""
    most: Counter[str] = Counter()
    rng, judged, wrong = np.random.default_rng(1), 0, 0
    for asked in drawn(wanted, seed=2, sizes=(1, 2, 3, 5, 9, 17, 40, 300)):
        levels = algorithms(asked.format)
        for algorithm in rng.permutation(np.array(levels, dtype=object))[:2]:
            for name, used in uses(asked, algorithm, rng):
                judged += 1
                key = f"{algorithm}: {name}"
                most[key] = max(most[key], used)
                if used > ALLOWED:
                    wrong += 1
                    sys.stdout.write(f"{used:.2f} of {key}: {asked}\n")
    for key, used in most.most_common():
        sys.stdout.write(f"{used:.2f} {key}\n")
    sys.stdout.write(f"{judged} runs of {len(most)}, {wrong} beyond two budgets\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
