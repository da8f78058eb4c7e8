"""A cross-entropy and a softmax in Triton, as kernel authors write them.

A row has one program, which reads it in blocks, with a running maximum and a running sum. Sums are
in binary32, and in binary64 for logits of binary64.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["CrossEntropy", "Softmax"]

_BLOCK = 1024


@triton.jit
def _log_sum_of(start, stride, classes, wide: tl.constexpr, block: tl.constexpr):
    largest = tl.full((), float("-inf"), wide)
    total = tl.zeros((), wide)
    for first in range(0, classes, block):
        places = first + tl.arange(0, block)
        z = tl.load(start + places * stride, mask=places < classes, other=float("-inf")).to(wide)
        higher = tl.maximum(largest, tl.max(z, 0))
        shift = tl.where(higher == float("-inf"), 0.0, higher).to(wide)  # No logit is finite yet.
        total = total * tl.exp(largest - shift) + tl.sum(tl.exp(z - shift), 0)
        largest = higher
    return largest, total


@triton.jit
def _losses(
    z, labels, losses, sums, z_row, z_class, classes, wide: tl.constexpr, block: tl.constexpr
):
    row = tl.program_id(0).to(tl.int64)
    start = z + row * z_row
    largest, total = _log_sum_of(start, z_class, classes, wide, block)
    picked = tl.load(start + tl.load(labels + row) * z_class).to(wide)
    tl.store(losses + row, ((largest - picked) + tl.log(total)).to(losses.dtype.element_ty))
    tl.store(sums + 2 * row, largest)
    tl.store(sums + 2 * row + 1, total)


@triton.jit
def _slopes(
    z,
    labels,
    sums,
    g,
    slopes,
    z_row,
    z_class,
    g_row,
    classes,
    wide: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    largest, total = tl.load(sums + 2 * row), tl.load(sums + 2 * row + 1)
    label, upstream = tl.load(labels + row), tl.load(g + row * g_row).to(wide)
    for first in range(0, classes, block):
        places = first + tl.arange(0, block)
        inside = places < classes
        numbers = tl.load(z + row * z_row + places * z_class, mask=inside, other=0.0).to(wide)
        shares = tl.exp(numbers - largest) / total
        slope = upstream * (shares - tl.where(places == label, 1.0, 0.0))
        tl.store(slopes + row * classes + places, slope.to(slopes.dtype.element_ty), mask=inside)


@triton.jit
def _shares(z, shares, z_row, z_class, classes, wide: tl.constexpr, block: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    start = z + row * z_row
    largest, total = _log_sum_of(start, z_class, classes, wide, block)
    for first in range(0, classes, block):
        places = first + tl.arange(0, block)
        inside = places < classes
        numbers = tl.load(start + places * z_class, mask=inside, other=0.0).to(wide)
        share = tl.exp(numbers - largest) / total
        tl.store(shares + row * classes + places, share.to(shares.dtype.element_ty), mask=inside)


@triton.jit
def _pullback(shares, v, slopes, v_row, v_class, classes, wide: tl.constexpr, block: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    mean = tl.zeros((), wide)
    for first in range(0, classes, block):
        places = first + tl.arange(0, block)
        inside = places < classes
        y = tl.load(shares + row * classes + places, mask=inside, other=0.0).to(wide)
        numbers = tl.load(v + row * v_row + places * v_class, mask=inside, other=0.0).to(wide)
        mean += tl.sum(y * numbers, 0)
    for first in range(0, classes, block):
        places = first + tl.arange(0, block)
        inside = places < classes
        y = tl.load(shares + row * classes + places, mask=inside, other=0.0).to(wide)
        numbers = tl.load(v + row * v_row + places * v_class, mask=inside, other=0.0).to(wide)
        slope = y * (numbers - mean)
        tl.store(slopes + row * classes + places, slope.to(slopes.dtype.element_ty), mask=inside)


def _wide(z: Tensor) -> tuple[Any, torch.dtype]:
    return (tl.float64, torch.float64) if z.dtype == torch.float64 else (tl.float32, torch.float32)


class CrossEntropy(torch.autograd.Function):
    """One loss for each row of logits (B, n), with labels (B,)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, labels: Tensor) -> Tensor:
        labels = labels.contiguous()
        rows, classes = z.shape
        wide, dtype = _wide(z)
        losses = torch.empty(rows, dtype=z.dtype, device=z.device)
        sums = torch.empty((rows, 2), dtype=dtype, device=z.device)
        if rows:
            _losses[(rows,)](z, labels, losses, sums, *z.stride(), classes, wide, _BLOCK)
        ctx.save_for_backward(z, labels, sums)
        return losses

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        z, labels, sums = ctx.saved_tensors
        slopes = torch.empty(z.shape, dtype=z.dtype, device=z.device)
        rows, classes = z.shape
        if rows:
            strides = (*z.stride(), g.stride(0))
            _slopes[(rows,)](z, labels, sums, g, slopes, *strides, classes, _wide(z)[0], _BLOCK)
        return slopes, None


class Softmax(torch.autograd.Function):
    """The outputs of each row of logits (B, n)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        rows, classes = z.shape
        shares = torch.empty(z.shape, dtype=z.dtype, device=z.device)
        if rows:
            _shares[(rows,)](z, shares, *z.stride(), classes, _wide(z)[0], _BLOCK)
        ctx.save_for_backward(shares)
        return shares

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> Tensor:
        (shares,) = ctx.saved_tensors
        slopes = torch.empty(shares.shape, dtype=shares.dtype, device=shares.device)
        rows, classes = shares.shape
        if rows:
            _pullback[(rows,)](shares, v, slopes, *v.stride(), classes, _wide(shares)[0], _BLOCK)
        return slopes
