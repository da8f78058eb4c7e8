"""Programs of losses with options as people write them, run one operation at a time in a format.

Each draws how it is written: what is multiplied first, which form a derivative has, whether it
divides or multiplies by an inverse. The tests run some. To run many, and see how much of the
budgets they use: ``python tests/unit/loss_runs.py 5000``.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from drawn_losses import drawn
from float_runs import (
    TOTALS,
    Total,
    arithmetics,
    complement_is_void,
    exp,
    log,
    sums_of_others,
)
from numpy.random import Generator

from gradcert_oracle import (
    ALLOWED,
    GRADIENT,
    LOSS,
    Algorithm,
    Format,
    Loss,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    scale,
)


def _tanh(x: np.ndarray) -> np.ndarray:
    return np.tanh(x.astype(np.float64)).astype(x.dtype)


def _cosh(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.cosh(x.astype(np.float64)).astype(x.dtype)


@dataclass(frozen=True)
class _Program:
    """What all programs of one row share: the numbers they are given, and what they computed."""

    asked: Question
    inner: Format
    algorithm: Algorithm
    rng: Generator

    def number(self, x: float) -> np.generic:
        return self.inner.dtype.type(float(x))

    def array(self, row: tuple[float, ...]) -> np.ndarray:
        return np.array(row).astype(self.inner.dtype)

    def either(self) -> bool:
        return bool(self.rng.random() < 0.5)

    @property
    def total(self) -> Total:
        return TOTALS[self.algorithm.summation]

    @property
    def loss(self) -> Loss:
        return self.asked.loss

    def divided(self, x: np.ndarray, divisor: float) -> np.ndarray:
        """Divide, or multiply by an inverse."""
        if divisor == 1:
            return x
        d = self.number(divisor)
        return x / d if self.either() else x * (self.number(1) / d)

    def scaled(self, x: np.ndarray, *factors: float) -> np.ndarray:
        """Multiply by factors in any order; factors of one are left out."""
        for factor in self.rng.permutation([f for f in factors if f != 1]):
            x = x * self.number(factor)
        return x

    def capped(self) -> np.ndarray:
        """Return s z / c."""
        z, s, c = self.array(self.asked["logits"]), self.loss.logit_scale, self.loss.softcap
        if self.either():
            return self.divided(self.scaled(z, s), c)
        return z * (self.number(s) / self.number(c))

    def steep(self) -> np.ndarray:
        if self.loss.softcap == inf:
            return self.array((1.0,) * self.asked.classes)
        x, one = self.capped(), self.number(1)
        t, c, form = _tanh(x), self.number(self.loss.softcap), self.rng.integers(4)
        if form == 0:
            return (one - t) * (one + t)
        if form == 1:
            return one - t * t
        if form == 2:
            return one - (c * t / c) * (c * t / c)
        inverse = one / _cosh(x)
        return inverse * inverse

    def rescaled(self) -> np.ndarray:
        if self.loss.softcap < inf:
            return self.number(self.loss.softcap) * _tanh(self.capped())
        return self.scaled(self.array(self.asked["logits"]), self.loss.logit_scale)

    def softmax(self) -> tuple[np.ndarray, np.ndarray, np.generic, np.ndarray]:
        """Return the probabilities, their logarithms, L and u."""
        u, level = self.rescaled(), self.algorithm.level
        largest = u.max()
        shifted = u - largest
        if self.loss.softcap == inf and self.loss.logit_scale != 1 and self.either():
            z = self.array(self.asked["logits"])
            shifted = self.scaled(z - z.max(), self.loss.logit_scale)
        powers = exp(shifted)
        mass = self.total(powers)
        lse = largest + log(mass)
        logarithms = u - lse if level == "log-sum-exp" else shifted - log(mass)
        if level == "log-softmax":
            logarithms = logarithms.astype(self.asked.format.dtype).astype(u.dtype)
        p = powers / mass if level in ("wide", "shifted") else exp(logarithms)
        return p, logarithms, lse, u

    def smoothing(self) -> tuple[np.generic, np.generic]:
        """Return what is kept of a target and what each class is given."""
        e, n, one = self.number(self.loss.label_smoothing), self.asked.classes, self.number(1)
        if self.loss.label_smoothing == 0:
            return one, self.number(0)
        if self.loss.smoothing_over == "all":
            return one - e, e / self.number(n)
        share = e * self.number(n) / self.number(n - 1)
        return one - share, e / self.number(n - 1)

    def weights(self) -> np.ndarray:
        """Return the weights, in the format or wider."""
        weights = self.array(self.loss.class_weights or (1.0,) * self.asked.classes)
        if self.either():
            weights = weights.astype(self.asked.format.dtype).astype(self.inner.dtype)
        return weights

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``w kept t`` and ``w given``, the two parts of each a_k."""
        kept, given = self.smoothing()
        t = self.array(self.asked["targets"])
        w = self.weights()
        return (w * t) * kept if self.either() else w * (t * kept), w * given

    def effective(self) -> np.ndarray:
        own, given = self.parts()
        kept, each = self.smoothing()
        if self.either() or self.loss.class_weights is None:
            return own + given
        w, t = self.weights(), self.array(self.asked["targets"])
        return w * (t * kept + each)

    def square(self, lse: np.generic, *factors: float) -> np.ndarray | np.generic:
        """Return ``2 zeta L / D_z`` times factors."""
        if not self.loss.z_loss:
            return self.number(0)
        factor = self.number(2 * self.loss.z_loss)
        return self.scaled(self.divided(factor * lse, self.asked.share.z_divisor), *factors)

    def gradients(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the gradient as different programs compute it."""
        loss, share = self.loss, self.asked.share
        p, _, lse, _ = self.softmax()
        a, steep = self.effective(), self.steep()
        rest = loss.multiplier, loss.logit_scale, share.upstream
        mass = self.total(a)
        difference = self.divided(mass * p - a, share.divisor) + self.square(lse) * p
        yield "difference first", self.scaled(difference, *rest) * steep
        yield "slope first", self.scaled(difference * steep, *rest)
        front = self.scaled(self.divided(self.number(1), share.divisor), *rest)
        whole = front * mass + self.square(lse, *rest)
        yield "factors first", (whole * p - front * a) * steep
        yield "each term", whole * p * steep - front * a * steep
        signals = front * -a
        found = signals - p * self.total(signals) + self.square(lse, *rest) * p
        yield "log-softmax backward", found * steep
        own, given = self.parts()
        late = (mass * p - own) - given
        late = self.divided(late, share.divisor) + p * self.square(lse)
        yield "smoothing after", self.scaled(late * steep, *rest)
        stored = self.scaled(late * steep, *rest[:2]).astype(self.asked.format.dtype)
        yield "stored, then upstream", stored * self.asked.format.dtype.type(share.upstream)
        if not loss.label_smoothing:
            mirrored = p * sums_of_others(a, self.total) - a * sums_of_others(p, self.total)
            mirrored = self.divided(mirrored, share.divisor) + self.square(lse) * p
            yield "complement", self.scaled(mirrored * steep, *rest)

    def losses(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the value of the loss as different programs compute it."""
        loss, share = self.loss, self.asked.share
        _, logs, lse, u = self.softmax()
        a, (own, given) = self.effective(), self.parts()
        square = self.number(0)
        if loss.z_loss:
            square = self.divided(self.number(loss.z_loss) * lse * lse, share.z_divisor)

        def whole(entropy: np.generic) -> np.ndarray:
            return self.scaled(self.divided(entropy, share.divisor) + square, loss.multiplier)

        def sum_of(weights: np.ndarray, values: np.ndarray) -> np.generic:
            return self.total(weights * np.where(a == 0, self.number(0), values))

        yield "weighted", whole(-sum_of(a, logs))
        yield "smoothing beside", whole(sum_of(own, -logs) + sum_of(given, -logs))
        if loss.label_smoothing and loss.class_weights is None:
            each, zeros = self.smoothing()[1], self.array((0.0,) * len(logs))
            yield "smoothing after", whole(sum_of(own, -logs) - each * self.total(logs + zeros))
        if self.algorithm.level == "log-sum-exp" and loss.label_smoothing:
            yield "one sum of logits", whole(self.total(a) * lse - sum_of(a, u))


_IN_THE_OTHER_FORM = ("complement", "one sum of logits")
"""The programs that compute the form which may be void on its own."""


def uses(asked: Question, algorithm: Algorithm, rng: Generator) -> Iterator[tuple[str, float]]:
    """Yield each program and the most budgets that a value uses; limited budgets are left out.

    Rows on which the level is void, programs whose form is void on the row, and programs in which a
    partial product overflows, are skipped.
    """
    allowances = budgets(asked, algorithm)
    if allowances is None:
        return
    limit = scale(asked) / 32 + asked.format.underflow
    truth = enclose(asked)
    for inner in arithmetics(asked, algorithm):
        program = _Program(asked, inner, algorithm, rng)
        programs = program.gradients() if asked.quantity is GRADIENT else program.losses()
        try:
            with np.errstate(over="raise"):
                found = [(name, values.astype(asked.format.dtype)) for name, values in programs]
        except FloatingPointError:
            continue
        if complement_is_void(asked, algorithm, inner):
            found = [run for run in found if run[0] not in _IN_THE_OTHER_FORM]
        for name, values in found:
            rows = zip(values.astype(np.float64).reshape(-1), truth, allowances, strict=True)
            used = [
                float(abs(value - true) / budget)
                for value, true, budget in rows
                if budget < limit * (1 - 2.0**-40)
            ]
            yield f"{asked.quantity.name}, {name}, {inner.name}", max(used, default=0.0)


def refused(asked: Question, rng: Generator) -> Iterator[str]:
    """Yield what a program in the best arithmetic of a format computes and the judge refuses."""
    level = algorithms(asked.format)[0]
    inner = arithmetics(asked, level)[0]
    program = _Program(asked, inner, level, rng)
    try:
        with np.errstate(over="raise"):
            for name, values in program.gradients():
                answer = values.astype(asked.format.dtype).astype(np.float64).tolist()
                if judge(asked, answer).algorithm is None:
                    yield f"{name}: {answer} of {asked}, {asked.loss}, {asked.share}"
    except FloatingPointError:
        return


def main(wanted: int) -> None:
    """Run the programs on this many rows, and say the most budgets that each used."""
    most: Counter[str] = Counter()
    rng, judged, wrong = np.random.default_rng(1), 0, 0
    sizes = (1, 2, 3, 5, 9, 17, 40, 300)
    for asked in drawn(wanted, seed=2, sizes=sizes):
        for one in (asked, replace(asked, quantity=LOSS)):
            levels = algorithms(asked.format)
            for algorithm in rng.permutation(np.array(levels, dtype=object))[:2]:
                for name, used in uses(one, algorithm, rng):
                    judged += 1
                    key = f"{algorithm}: {name}"
                    most[key] = max(most[key], used)
                    if used > ALLOWED:
                        wrong += 1
                        sys.stdout.write(f"{used:.2f} of {key}, {one.loss}, {one.share}: {one}\n")
        for refusal in refused(asked, rng):
            sys.stdout.write(f"refused: {refusal}\n")
    for key, used in most.most_common():
        sys.stdout.write(f"{used:.2f} {key}\n")
    sys.stdout.write(f"{judged} runs, {wrong} beyond two budgets\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
