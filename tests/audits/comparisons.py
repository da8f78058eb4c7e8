"""Comparisons of public tests that no ``--close`` of gradcert can write.

A comparison is a function of the answer of a kernel and of the one wanted, both of shape (rows,
classes). It returns whether the test would accept the answer. A function with parameters makes one:
``tests.toml`` writes ``comparisons.py:largest(1e-2)``. The predicates are stated in our own words
and written anew; no code of those tests is copied.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "benchdnn",
    "cce_classifier",
    "fla_ratio",
    "ggml_mean_asymmetry",
    "largest",
    "liger_fused_linear",
    "megatron_fused_linear",
    "nothing",
    "paddle",
    "paddle_fp64",
    "projection",
    "rms",
    "rms_relative",
    "same_norm",
    "transformer_engine",
    "tvm_numerical_gradients",
]

_Given = NDArray[np.generic]
_Values = NDArray[np.float64]
_Comparison = Callable[[_Given, _Given], bool]

_EPS = 2.0**-23
"""The distance from one to the next number of binary32."""


def _wide(values: _Given) -> _Values:
    return values.astype(np.float64)


def _rms(values: _Values) -> float:
    return float(np.sqrt(np.square(values).mean()))


def nothing(got: _Given, want: _Given) -> bool:
    """Accept every answer: the test computes both gradients and compares nothing.

    Examples
    --------
    >>> nothing(np.full((1, 2), np.nan), np.ones((1, 2)))
    True
    """
    del got, want
    return True


def ggml_mean_asymmetry(got: _Given, want: _Given) -> bool:
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


def _fused_linear(
    got: _Given, want: _Given, hidden: _Values, weight: _Values, *, atol: float, rtol: float
) -> bool:
    """Compare dE/dh and dE/dW of ``z = h W^T``, which are linear in dE/dz; rtol is of those got."""
    a, b = _wide(got), _wide(want)
    return all(
        np.allclose(theirs, ours, rtol=rtol, atol=atol)
        for theirs, ours in ((b @ weight, a @ weight), (b.T @ hidden, a.T @ hidden))
    )


def liger_fused_linear(atol: float, rtol: float) -> _Comparison:
    """Compare dE/dh and dE/dW, made from dE/dz, by ``|got - want| <= atol + rtol |got|``.

    h has 31 normal numbers a row, W uniform numbers from 0 to 1. They are drawn anew, apart from
    the logits.

    Examples
    --------
    >>> liger_fused_linear(5, 50)(np.full((2, 3), 9.0), np.full((2, 3), -9.0))
    True
    >>> liger_fused_linear(5e-3, 5e-2)(np.full((2, 3), 9.0), np.full((2, 3), -9.0))
    False
    """

    def compare(got: _Given, want: _Given) -> bool:
        generator = np.random.default_rng(0)
        rows, classes = want.shape
        hidden, weight = generator.standard_normal((rows, 31)), generator.random((classes, 31))
        return _fused_linear(got, want, hidden, weight, atol=atol, rtol=rtol)

    return compare


def megatron_fused_linear(got: _Given, want: _Given) -> bool:
    """Compare dE/dh and dE/dW, made from dE/dz, by ``|got - want| <= 1e-3 + 1e-3 |got|``.

    h and W have 64 uniform numbers from -0.1 to 0.1 a row.

    Examples
    --------
    >>> megatron_fused_linear(np.zeros((2, 3)), np.full((2, 3), 1e-4))
    True
    """
    generator = np.random.default_rng(0)
    hidden, weight = (generator.uniform(-0.1, 0.1, (count, 64)) for count in want.shape)
    return _fused_linear(got, want, hidden, weight, atol=1e-3, rtol=1e-3)


def cce_classifier(limit: float) -> _Comparison:
    """Compare dE/dc, made from dE/dz, by ``|got - want| <= limit``.

    dE/dc is ``(dE/dz)^T e``. e has 128 numbers a row, normal and divided by the root of 128. The
    test adds the error of a reference in the format to the limit; we leave that out.

    Examples
    --------
    >>> cce_classifier(1e-2)(np.zeros((2, 3)), np.full((2, 3), 1e-3))
    True
    >>> cce_classifier(5e-4)(np.zeros((2, 3)), np.full((2, 3), 1e-2))
    False
    """

    def compare(got: _Given, want: _Given) -> bool:
        e = np.random.default_rng(0).standard_normal((len(want), 128)) / np.sqrt(128)
        return np.allclose(_wide(got).T @ e, _wide(want).T @ e, rtol=0, atol=limit)

    return compare


def largest(limit: float) -> _Comparison:
    """Compare ``max |got - want| < limit max |want|``, over all values.

    Examples
    --------
    >>> largest(1e-2)(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    True
    >>> largest(1e-5)(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    False
    """

    def compare(got: _Given, want: _Given) -> bool:
        a, b = _wide(got), _wide(want)
        scale = abs(b).max()
        return bool(abs(a - b).max() / (scale if scale > 0 else 1.0) < limit)

    return compare


def fla_ratio(small: float) -> _Comparison:
    """Accept if ``max |got - want| <= small``, or if ``rms(got - want) < 1e-2 (rms(want) + 1e-8)``.

    small is 1e-6. With the environment variable that its workflows set, the test also accepts
    finite errors of at most 0.3: it warns there and does not fail.

    Examples
    --------
    >>> fla_ratio(1e-6)(np.array([[1.0, 0.0]]), np.array([[1.0, 0.009]]))
    True
    >>> fla_ratio(0.3)(np.array([[0.25, 0.0]]), np.array([[-0.05, 0.0]]))
    True
    """

    def compare(got: _Given, want: _Given) -> bool:
        a, b = _wide(got), _wide(want)
        near = float(abs(a - b).max()) <= small
        return near or _rms(a - b) / (_rms(b) + 1e-8) < 1e-2

    return compare


def tvm_numerical_gradients(got: _Given, want: _Given) -> bool:
    """Compare ``||got - want|| <= 1e-2 sqrt(n) + 0.1 ||want||`` in the 2-norm of all n values.

    Examples
    --------
    >>> tvm_numerical_gradients(np.zeros((3, 3)), np.full((3, 3), 0.01))
    True
    """
    a, b = _wide(got), _wide(want)
    limit = 1e-2 * np.sqrt(b.size) + 0.1 * np.linalg.norm(b)
    return bool(np.linalg.norm(a - b) <= limit)


def same_norm(got: _Given, want: _Given) -> bool:
    """Compare only the 2-norms of all values: they differ by at most ``1e-5 + 1e-5 ||got||``.

    Two norms that are NaN count as equal.

    Examples
    --------
    >>> same_norm(np.array([[3.0, -4.0]]), np.array([[-4.0, 3.0]]))
    True
    """
    a, b = float(np.linalg.norm(_wide(got))), float(np.linalg.norm(_wide(want)))
    return bool(np.isclose(b, a, rtol=1e-5, atol=1e-5, equal_nan=True))


def rms(limit: float) -> _Comparison:
    """Compare ``rms(got - want) <= limit``, over all values.

    Examples
    --------
    >>> rms(5e-3)(np.zeros((1, 2)), np.full((1, 2), 4e-3))
    True
    """
    return lambda got, want: _rms(_wide(got) - _wide(want)) <= limit


def rms_relative(got: _Given, want: _Given) -> bool:
    """Compare ``rms(got - want) <= max(1e-5 s, 1e-8)``.

    s is the root mean square of the values of both arrays. It is infinite where a value is, and
    such an answer is accepted.

    Examples
    --------
    >>> rms_relative(np.zeros((1, 2)), np.full((1, 2), 4e-3))
    False
    """
    a, b = _wide(got), _wide(want)
    return _rms(a - b) <= max(1e-5 * _rms(np.stack([a, b])), 1e-8)


def projection(atol: float) -> _Comparison:
    """Compare one number, the product with a normal direction u, by atol and rtol = 2e-3.

    ``|<u, got> - <u, want>| <= atol + 2e-3 |<u, want>|``, summed over all values.

    Examples
    --------
    >>> projection(2e-3)(np.zeros((1, 2)), np.full((1, 2), 1e-4))
    True
    >>> projection(5e-3)(np.zeros((1, 2)), np.full((1, 2), 1.0))
    False
    """

    def compare(got: _Given, want: _Given) -> bool:
        direction = np.random.default_rng(0).standard_normal(want.shape)
        a, b = float((direction * _wide(got)).sum()), float((direction * _wide(want)).sum())
        return abs(a - b) <= atol + 2e-3 * abs(b)

    return compare


def benchdnn(count: int) -> _Comparison:
    """Compare relative errors with count times 2^-23 where ``|want| > 1e-5``, else absolute ones.

    Errors below 2^-23 are accepted everywhere.

    Examples
    --------
    >>> benchdnn(40)(np.array([[1.000004]]), np.array([[1.0]]))
    True
    >>> benchdnn(200)(np.array([[1.00003]]), np.array([[1.0]]))
    False
    """

    def compare(got: _Given, want: _Given) -> bool:
        a, b = _wide(got), _wide(want)
        error, size = abs(a - b), abs(b)
        measured = np.where(size > 1e-5, error / np.maximum(size, 1e-5), error)
        return bool(((a == b) | (error < _EPS) | (measured <= count * _EPS)).all())

    return compare


def paddle(got: _Given, want: _Given) -> bool:
    """Compare ``|got - want| <= 5e-3 |want|``, where a ``|want|`` below 1e-3 counts as 1.

    Examples
    --------
    >>> paddle(np.zeros((1, 2)), np.full((1, 2), 9e-4))
    True
    """
    a, b = _wide(got), _wide(want)
    size = abs(b)
    size[size < 1e-3] = 1
    return bool((abs(a - b) / size).max() <= 5e-3)


def paddle_fp64(got: _Given, want: _Given) -> bool:
    """Compare ``|got - want| <= 1e-7 s(|want|)``.

    s is 1e-3 below 1e-10, 1e4 ``|want|`` up to 1e-8, 100 ``|want|`` up to 1e-6, and ``|want|``
    above.

    Examples
    --------
    >>> paddle_fp64(np.zeros((1, 2)), np.array([[1e-11, 1e-3]]))
    False
    """
    a, b = _wide(got), _wide(want)
    size = abs(b)
    scale = np.select(
        [size < 1e-10, size <= 1e-8, size <= 1e-6], [1e-3, 1e4 * size, 100 * size], size
    )
    return bool((abs(a - b) / scale).max() <= 1e-7)


def transformer_engine(got: _Given, want: _Given) -> bool:
    """Refuse where an error exceeds 2e-3 and also exceeds ``1e-2 |want|``.

    A NaN exceeds nothing and is accepted. The test also accepts two neighbours of the format on
    both sides of a tie; we leave that out.

    Examples
    --------
    >>> transformer_engine(np.array([[np.nan, 1.005]]), np.array([[0.5, 1.0]]))
    True
    """
    a, b = _wide(got), _wide(want)
    error = abs(a - b)
    return not bool(((error > 2e-3) & (error > 1e-2 * abs(b))).any())
