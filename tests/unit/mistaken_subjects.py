"""Gradients with a mistake each, which one check or another refutes."""

import ctypes
import random

import numpy as np
from subjects import (
    right,
)

from gradcert_implementations import Array


def a_little_scaled(z: Array, t: Array) -> Array:
    return right(z, t) * (1 + 1e-13)


def unshifted(z: Array, t: Array) -> Array:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - t


def drifting_with_the_offset(z: Array, t: Array) -> Array:
    return right(z, t) * (1 + 1e-9 * z.max(axis=1, keepdims=True))


def first_class_doubled(z: Array, t: Array) -> Array:
    return right(z, t) * np.where(np.arange(z.shape[1]) == 0, 2, 1)


def first_thousand_only(z: Array, t: Array) -> Array:
    return np.where(np.arange(z.shape[1]) < 1000, right(z, t), 0)


def first_1024_rows_only(z: Array, t: Array) -> Array:
    return right(z, t) * (np.arange(len(z))[:, None] < 1024)


def mean_over_the_batch(z: Array, t: Array) -> Array:
    return right(z, t) / max(len(z), 1)


def shifting_its_logits_in_place(z: Array, t: Array) -> Array:
    z -= z.max(axis=1, keepdims=True)
    return right(z, t)


def writing_into_its_targets(z: Array, t: Array) -> Array:
    t -= right(z, t) + t
    return -t


class CachingByAddress:
    """Takes arrays at known addresses for arrays with known numbers."""

    def __init__(self) -> None:
        self.answers: dict[tuple[int, int], Array] = {}

    def __call__(self, z: Array, t: Array) -> Array:
        return self.answers.setdefault((z.ctypes.data, t.ctypes.data), right(z, t)).copy()


class CachingByLogits:
    """Keeps its last answer, and takes equal logits for an equal question."""

    def __init__(self) -> None:
        self.last, self.answer = b"", np.zeros(0)

    def __call__(self, z: Array, t: Array) -> Array:
        if z.tobytes() != self.last:
            self.last, self.answer = z.tobytes(), right(z, t)
        return self.answer.copy()


class Unprepared:
    """Hands out its workspace before there is anything in it, in the first call only."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) if self.calls > 1 else np.full_like(z, 0.25)


class WrongOnce:
    """Errs in its hundredth answer and never again: one of those whose values are judged."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 100)


def memory_order(z: Array, t: Array) -> Array:
    return right(z.ravel(order="K").reshape(z.shape), t.ravel(order="K").reshape(t.shape))


def blind_to_strides(z: Array, t: Array) -> Array:
    packed = np.lib.stride_tricks.as_strided(z, strides=(z.shape[1] * z.itemsize, z.itemsize))
    return right(packed, t)


def wanting_a_row(z: Array, t: Array) -> Array:
    return right(z, t) + 0 * z[0, 0]


def nan_to_num(z: Array, t: Array) -> Array:
    return right(np.nan_to_num(z), t)


def answering_with_its_logits(z: Array, _t: Array) -> Array:
    return z


def talking(z: Array, t: Array) -> Array:
    print(z.shape)  # noqa: T201
    return right(z, t)


def talking_in_c(z: Array, t: Array) -> Array:
    ctypes.CDLL(None).puts(b"debug")
    return right(z, t)


def seeding_numpy(z: Array, t: Array) -> Array:
    np.random.seed(7)  # noqa: NPY002
    return right(z, t)


def seeding_python(z: Array, t: Array) -> Array:
    random.seed(7)
    return right(z, t)


def quietening_numpy(z: Array, t: Array) -> Array:
    np.seterr(all="ignore")
    return right(z, t)


def buffers_freed(_z: Array, _t: Array) -> Array:
    raise RuntimeError("the saved tensors have been freed")


def all_zero(z: Array, _t: Array) -> Array:
    return np.zeros_like(z)


def scaled(z: Array, t: Array) -> Array:
    return 1.04 * right(z, t)


class Noisy:
    """A new draw at every call."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, z: Array, t: Array) -> Array:
        return right(z, t) + self.rng.normal(size=z.shape)
