"""A cross-entropy in CUDA C++, compiled when it is imported: for it, PyTorch needs nvcc and ninja.

A row has one block of threads. Sums are in binary32, and in binary64 for logits of binary64.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils.cpp_extension import load_inline

__all__ = ["CrossEntropy"]

_SOURCE = r"""
#include <torch/extension.h>
#include <ATen/OpMathType.h>
#include <ATen/cuda/CUDAContext.h>
#include <cmath>

constexpr int THREADS = 256;

template <typename wide, typename Op>
__device__ wide over_block(wide mine, Op op) {
    __shared__ wide shared[THREADS];
    shared[threadIdx.x] = mine;
    __syncthreads();
    for (int half = THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            shared[threadIdx.x] = op(shared[threadIdx.x], shared[threadIdx.x + half]);
        __syncthreads();
    }
    wide found = shared[0];
    __syncthreads();
    return found;
}

template <typename scalar, typename wide>
__global__ void losses(const scalar* z, const int64_t* labels, scalar* losses, wide* sums,
                       int64_t classes, int64_t z_row, int64_t z_class) {
    const scalar* row = z + blockIdx.x * z_row;
    wide largest = -INFINITY;
    for (int64_t j = threadIdx.x; j < classes; j += THREADS)
        largest = max(largest, static_cast<wide>(row[j * z_class]));
    largest = over_block(largest, [](wide a, wide b) { return max(a, b); });
    wide total = 0;
    for (int64_t j = threadIdx.x; j < classes; j += THREADS)
        total += exp(static_cast<wide>(row[j * z_class]) - largest);
    total = over_block(total, [](wide a, wide b) { return a + b; });
    if (threadIdx.x == 0) {
        const wide picked = static_cast<wide>(row[labels[blockIdx.x] * z_class]);
        losses[blockIdx.x] = static_cast<scalar>((largest - picked) + log(total));
        sums[2 * blockIdx.x] = largest;
        sums[2 * blockIdx.x + 1] = total;
    }
}

template <typename scalar, typename wide>
__global__ void slopes(const scalar* z, const int64_t* labels, const wide* sums, const scalar* g,
                       scalar* slopes, int64_t classes, int64_t z_row, int64_t z_class,
                       int64_t g_row) {
    const wide largest = sums[2 * blockIdx.x], total = sums[2 * blockIdx.x + 1];
    const wide upstream = static_cast<wide>(g[blockIdx.x * g_row]);
    for (int64_t j = threadIdx.x; j < classes; j += THREADS) {
        const wide number = static_cast<wide>(z[blockIdx.x * z_row + j * z_class]);
        const wide share = exp(number - largest) / total;
        const wide target = j == labels[blockIdx.x] ? 1 : 0;
        slopes[blockIdx.x * classes + j] = static_cast<scalar>(upstream * (share - target));
    }
}

std::vector<torch::Tensor> forward(torch::Tensor z, torch::Tensor labels) {
    auto made = torch::empty({z.size(0)}, z.options());
    auto kind = z.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
    auto sums = torch::empty({z.size(0), 2}, z.options().dtype(kind));
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, z.scalar_type(), "losses", [&] {
        using wide = at::opmath_type<scalar_t>;
        if (z.size(0))
            losses<scalar_t, wide><<<z.size(0), THREADS, 0, at::cuda::getCurrentCUDAStream()>>>(
                z.data_ptr<scalar_t>(), labels.data_ptr<int64_t>(), made.data_ptr<scalar_t>(),
                sums.data_ptr<wide>(), z.size(1), z.stride(0), z.stride(1));
    });
    return {made, sums};
}

torch::Tensor backward(torch::Tensor z, torch::Tensor labels, torch::Tensor sums, torch::Tensor g) {
    auto made = torch::empty(z.sizes(), z.options());
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, z.scalar_type(), "slopes", [&] {
        using wide = at::opmath_type<scalar_t>;
        if (z.size(0))
            slopes<scalar_t, wide><<<z.size(0), THREADS, 0, at::cuda::getCurrentCUDAStream()>>>(
                z.data_ptr<scalar_t>(), labels.data_ptr<int64_t>(), sums.data_ptr<wide>(),
                g.data_ptr<scalar_t>(), made.data_ptr<scalar_t>(), z.size(1), z.stride(0),
                z.stride(1), g.stride(0));
    });
    return made;
}
"""

_KERNELS = load_inline(
    name="gradcert_cross_entropy",
    cpp_sources="""
        std::vector<torch::Tensor> forward(torch::Tensor z, torch::Tensor labels);
        torch::Tensor backward(
            torch::Tensor z, torch::Tensor labels, torch::Tensor sums, torch::Tensor g);
    """,
    cuda_sources=_SOURCE,
    functions=["forward", "backward"],
)


class CrossEntropy(torch.autograd.Function):
    """One loss for each row of logits (B, n), with labels (B,)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, labels: Tensor) -> Tensor:
        labels = labels.contiguous()
        losses, sums = _KERNELS.forward(z, labels)
        ctx.save_for_backward(z, labels, sums)
        return losses

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        return _KERNELS.backward(*ctx.saved_tensors, g), None
