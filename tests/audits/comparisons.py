"""Comparisons of public tests that no ``--close`` of gradcert can write.

Each function gets the answer of a kernel and the one wanted, of shape (rows, classes), and returns
whether the test would accept it. The predicates are stated in our own words and written anew; no
code of those tests is copied.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "benchdnn_40_eps",
    "benchdnn_200_eps",
    "classifier_cce_1e2",
    "classifier_cce_5e4",
    "fla_ratio_1e2",
    "fla_ratio_1e2_in_ci",
    "fused_linear_liger_5_50",
    "fused_linear_liger_5e3_5e2",
    "fused_linear_megatron_1e3",
    "ggml_mean_asymmetry",
    "largest_1e2",
    "largest_1e5",
    "nothing",
    "paddle_5e3",
    "paddle_fp64_1e7",
    "projection_2e3",
    "projection_5e3",
    "rms_5e3",
    "rms_relative_1e5",
    "same_norm",
    "total_1e2",
    "total_1e4",
    "transformer_engine_2e3",
    "tvm_numerical_gradients",
]

_Values = NDArray[np.float64]

_EPS = 2.0**-23
"""The distance from one to the next number of binary32."""


def _wide(values: NDArray[np.generic]) -> _Values:
    return values.astype(np.float64)


def _rms(values: _Values) -> float:
    return float(np.sqrt(np.square(values).mean()))


def _near(got: _Values, want: _Values, atol: float, rtol: float, *, of_got: bool = False) -> bool:
    return bool((abs(got - want) <= atol + rtol * abs(got if of_got else want)).all())


def nothing(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Accept every answer: the test computes both gradients and compares nothing.

    Examples
    --------
    >>> nothing(np.full((1, 2), np.nan), np.ones((1, 2)))
    True
    """
    del got, want
    return True


def ggml_mean_asymmetry(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Accept unless the mean of ``|(want - got) / (want + got)|``, in binary32, exceeds 1e-4.

    Every value got must be finite. Where both values are zero the quotient is 0/0, so that the mean
    is NaN; NaN exceeds nothing, and so such a test accepts every finite answer.

    Examples
    --------
    >>> ggml_mean_asymmetry(np.array([[0.5, -1.0]]), np.array([[0.5, 1.0]]))
    False
    >>> ggml_mean_asymmetry(np.array([[0.5, 0.0]]), np.array([[-0.5, 0.0]]))
    True
    """
    a, b = want.astype(np.float32), got.astype(np.float32)
    if not np.isfinite(b).all():
        return False
    with np.errstate(all="ignore"):
        mean = _wide(abs((a - b) / (a + b))).mean()
    return not mean > 1e-4


@dataclass(frozen=True, eq=False)
class _Pair:
    """A gradient that is computed from dE/dz, from the answer got and from the one wanted."""

    got: _Values
    want: _Values


def _fused_linear(
    got: NDArray[np.generic], want: NDArray[np.generic], hidden: _Values, weight: _Values
) -> Iterator[_Pair]:
    """Yield dE/dh and dE/dW of ``z = h W^T``, which are linear in dE/dz."""
    a, b = _wide(got), _wide(want)
    yield _Pair(a @ weight, b @ weight)
    yield _Pair(a.T @ hidden, b.T @ hidden)


def _liger(got: NDArray[np.generic], want: NDArray[np.generic]) -> Iterator[_Pair]:
    generator = np.random.default_rng(0)
    rows, classes = want.shape
    hidden = generator.standard_normal((rows, 31))
    return _fused_linear(got, want, hidden, generator.random((classes, 31)))


def fused_linear_liger_5_50(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare dE/dh and dE/dW, made from dE/dz, by ``|got - want| <= 5 + 50 |got|``.

    h has 31 normal numbers a row, W uniform numbers from 0 to 1. They are drawn anew, apart from
    the logits. What is not finite is refused, as NaN and infinity are by the test.

    Examples
    --------
    >>> fused_linear_liger_5_50(np.full((2, 3), 9.0), np.full((2, 3), -9.0))
    True
    """
    return all(
        _near(pair.got, pair.want, 5, 50, of_got=True) and bool(np.isfinite(pair.got).all())
        for pair in _liger(got, want)
    )


def fused_linear_liger_5e3_5e2(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare dE/dh and dE/dW, made from dE/dz, by ``|got - want| <= 5e-3 + 5e-2 |got|``.

    h and W are those of :func:`fused_linear_liger_5_50`.

    Examples
    --------
    >>> fused_linear_liger_5e3_5e2(np.zeros((2, 3)), np.full((2, 3), 1e-4))
    True
    """
    return all(_near(pair.got, pair.want, 5e-3, 5e-2, of_got=True) for pair in _liger(got, want))


def _cce(got: NDArray[np.generic], want: NDArray[np.generic], limit: float) -> bool:
    generator = np.random.default_rng(0)
    hidden = generator.standard_normal((len(want), 128)) / np.sqrt(128)
    return _near(_wide(got).T @ hidden, _wide(want).T @ hidden, limit, 0)


def classifier_cce_1e2(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare dE/dc, made from dE/dz, by ``|got - want| <= 1e-2``.

    dE/dc is ``(dE/dz)^T e``. e has 128 numbers a row, normal and divided by the root of 128. The
    test adds the error of a reference in the format to 1e-2; we leave that out.

    Examples
    --------
    >>> classifier_cce_1e2(np.zeros((2, 3)), np.full((2, 3), 1e-3))
    True
    """
    return _cce(got, want, 1e-2)


def classifier_cce_5e4(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare as :func:`classifier_cce_1e2` does, with 5e-4 in place of 1e-2.

    Examples
    --------
    >>> classifier_cce_5e4(np.zeros((2, 3)), np.full((2, 3), 1e-2))
    False
    """
    return _cce(got, want, 5e-4)


def fused_linear_megatron_1e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare dE/dh and dE/dW, made from dE/dz, by ``|got - want| <= 1e-3 + 1e-3 |got|``.

    h and W have 64 uniform numbers from -0.1 to 0.1 a row.

    Examples
    --------
    >>> fused_linear_megatron_1e3(np.zeros((2, 3)), np.full((2, 3), 1e-4))
    True
    """
    generator = np.random.default_rng(0)
    rows, classes = want.shape
    hidden = generator.uniform(-0.1, 0.1, (rows, 64))
    weight = generator.uniform(-0.1, 0.1, (classes, 64))
    pairs = _fused_linear(got, want, hidden, weight)
    return all(_near(pair.got, pair.want, 1e-3, 1e-3, of_got=True) for pair in pairs)


def _largest(got: NDArray[np.generic], want: NDArray[np.generic], limit: float) -> bool:
    a, b = _wide(got), _wide(want)
    scale = abs(b).max()
    return bool(abs(a - b).max() / (scale if scale > 0 else 1.0) < limit)


def largest_1e2(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``max |got - want| < 1e-2 max |want|``, over all values.

    Examples
    --------
    >>> largest_1e2(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    True
    """
    return _largest(got, want, 1e-2)


def largest_1e5(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``max |got - want| < 1e-5 max |want|``, over all values.

    Examples
    --------
    >>> largest_1e5(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    False
    """
    return _largest(got, want, 1e-5)


@dataclass(frozen=True)
class _Ratio:
    """The largest error, and the root mean square of the errors beside that of what is wanted."""

    largest: float
    ratio: float


def _ratio(got: NDArray[np.generic], want: NDArray[np.generic]) -> _Ratio:
    a, b = _wide(got), _wide(want)
    return _Ratio(float(abs(a - b).max()), _rms(a - b) / (_rms(b) + 1e-8))


def fla_ratio_1e2(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Accept if ``max |got - want| <= 1e-6``, or if ``rms(got - want) < 1e-2 (rms(want) + 1e-8)``.

    Examples
    --------
    >>> fla_ratio_1e2(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    True
    """
    found = _ratio(got, want)
    return found.largest <= 1e-6 or found.ratio < 1e-2


def fla_ratio_1e2_in_ci(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Accept what :func:`fla_ratio_1e2` accepts, and all finite errors of at most 0.3.

    With the environment variable that its workflows set, the test warns there and does not fail.

    Examples
    --------
    >>> fla_ratio_1e2_in_ci(np.array([[0.25, 0.0]]), np.array([[-0.05, 0.0]]))
    True
    """
    found = _ratio(got, want)
    return found.largest <= 0.3 or found.ratio < 1e-2


def tvm_numerical_gradients(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``||got - want|| <= 1e-2 sqrt(n) + 0.1 ||want||`` in the 2-norm of all n values.

    Examples
    --------
    >>> tvm_numerical_gradients(np.zeros((3, 3)), np.full((3, 3), 0.01))
    True
    """
    a, b = _wide(got), _wide(want)
    limit = 1e-2 * np.sqrt(b.size) + 0.1 * np.linalg.norm(b)
    return bool(np.linalg.norm(a - b) <= limit)


def same_norm(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare only the 2-norms of all values: they differ by at most ``1e-5 + 1e-5 ||got||``.

    Two norms that are NaN count as equal.

    Examples
    --------
    >>> same_norm(np.array([[3.0, -4.0]]), np.array([[-4.0, 3.0]]))
    True
    """
    a, b = float(np.linalg.norm(_wide(got))), float(np.linalg.norm(_wide(want)))
    return bool(np.isclose(b, a, rtol=1e-5, atol=1e-5, equal_nan=True))


def rms_5e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``rms(got - want) <= 5e-3``, over all values.

    Examples
    --------
    >>> rms_5e3(np.zeros((1, 2)), np.full((1, 2), 4e-3))
    True
    """
    return _rms(_wide(got) - _wide(want)) <= 5e-3


def rms_relative_1e5(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``rms(got - want) <= max(1e-5 s, 1e-8)``.

    s is the root mean square of the values of both arrays.

    Examples
    --------
    >>> rms_relative_1e5(np.zeros((1, 2)), np.full((1, 2), 4e-3))
    False
    """
    a, b = _wide(got), _wide(want)
    return _rms(a - b) <= max(1e-5 * _rms(np.stack([a, b])), 1e-8)


def _projection(got: NDArray[np.generic], want: NDArray[np.generic], atol: float) -> bool:
    direction = np.random.default_rng(0).standard_normal(want.shape)
    a, b = float((direction * _wide(got)).sum()), float((direction * _wide(want)).sum())
    return abs(a - b) <= atol + 2e-3 * abs(b)


def projection_2e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare one number, the product with a normal direction u, by atol = rtol = 2e-3.

    ``|<u, got> - <u, want>| <= 2e-3 + 2e-3 |<u, want>|``, summed over all values.

    Examples
    --------
    >>> projection_2e3(np.zeros((1, 2)), np.full((1, 2), 1e-4))
    True
    """
    return _projection(got, want, 2e-3)


def projection_5e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare as :func:`projection_2e3` does, with atol = 5e-3.

    Examples
    --------
    >>> projection_5e3(np.zeros((1, 2)), np.full((1, 2), 1.0))
    False
    """
    return _projection(got, want, 5e-3)


def _benchdnn(got: NDArray[np.generic], want: NDArray[np.generic], limit: float) -> bool:
    a, b = _wide(got), _wide(want)
    error, size = abs(a - b), abs(b)
    tiny = error < _EPS
    measured = np.where(size > 1e-5, error / np.maximum(size, 1e-5), error)
    return bool(((a == b) | tiny | (measured <= limit)).all())


def benchdnn_40_eps(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare relative errors with 40 times 2^-23 where ``|want| > 1e-5``, else absolute ones.

    Errors below 2^-23 are accepted everywhere.

    Examples
    --------
    >>> benchdnn_40_eps(np.array([[1.000004]]), np.array([[1.0]]))
    True
    """
    return _benchdnn(got, want, 40 * _EPS)


def benchdnn_200_eps(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare as :func:`benchdnn_40_eps` does, with 200 in place of 40.

    Examples
    --------
    >>> benchdnn_200_eps(np.array([[1.00003]]), np.array([[1.0]]))
    False
    """
    return _benchdnn(got, want, 200 * _EPS)


def paddle_5e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``|got - want| <= 5e-3 |want|``, where a ``|want|`` below 1e-3 counts as 1.

    Examples
    --------
    >>> paddle_5e3(np.zeros((1, 2)), np.full((1, 2), 9e-4))
    True
    """
    a, b = _wide(got), _wide(want)
    size = abs(b)
    size[size < 1e-3] = 1
    return bool((abs(a - b) / size).max() <= 5e-3)


def paddle_fp64_1e7(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare ``|got - want| <= 1e-7 s(|want|)``.

    s is 1e-3 below 1e-10, 1e4 ``|want|`` up to 1e-8, 100 ``|want|`` up to 1e-6, and ``|want|``
    above.

    Examples
    --------
    >>> paddle_fp64_1e7(np.zeros((1, 2)), np.array([[1e-11, 1e-3]]))
    False
    """
    a, b = _wide(got), _wide(want)
    size = abs(b)
    scale = np.select(
        [size < 1e-10, size <= 1e-8, size <= 1e-6], [1e-3, 1e4 * size, 100 * size], size
    )
    return bool((abs(a - b) / scale).max() <= 1e-7)


def transformer_engine_2e3(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Refuse where an error exceeds 2e-3 and also exceeds ``1e-2 |want|``.

    A NaN exceeds nothing and is accepted. The test also accepts two neighbours of the format on
    both sides of a tie; we leave that out.

    Examples
    --------
    >>> transformer_engine_2e3(np.array([[np.nan, 1.005]]), np.array([[0.5, 1.0]]))
    True
    """
    a, b = _wide(got), _wide(want)
    error = abs(a - b)
    return not bool(((error > 2e-3) & (error > 1e-2 * abs(b))).any())


def total_1e4(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare the sums of all values, G and W, by ``|G - W| <= 1e-4 + 1e-4 |G|``.

    Examples
    --------
    >>> total_1e4(np.array([1.0, 2.0]), np.array([2.0, 1.0]))
    True
    """
    a, b = float(_wide(got).sum()), float(_wide(want).sum())
    return abs(a - b) <= 1e-4 + 1e-4 * abs(a)


def total_1e2(got: NDArray[np.generic], want: NDArray[np.generic]) -> bool:
    """Compare the sums of all values, G and W, by ``|G - W| <= 1e-2 + 1e-2 |W|``.

    Examples
    --------
    >>> total_1e2(np.array([1.0, 2.0]), np.array([2.0, 1.02]))
    True
    """
    a, b = float(_wide(got).sum()), float(_wide(want).sum())
    return abs(a - b) <= 1e-2 + 1e-2 * abs(b)
