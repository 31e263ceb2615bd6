/// How kernels are launched, and what the .cu files share: extents of warps and blocks, sums over lanes.
///
/// tests/emulation/README.md has the rules that .cu files follow.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "tensor/cuda_buffer.h"

/// Dynamic shared memory: the one declaration, at global scope, cast where it is used.
extern __shared__ __align__(16) unsigned char dyn_smem[];

namespace gigahop::ops::cuda {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffU;
/// Of kernels that do one element a thread.
constexpr int kElementThreads = 256;
/// Of kernels that give a row to each warp: threadIdx.x is the lane, threadIdx.y the warp.
constexpr int kRowsPerBlock = 8;
/// What a kernel has without asking.
constexpr int64_t kDefaultSharedBytes = int64_t{48} << 10;

constexpr int64_t num_blocks(int64_t total, int64_t block) {
  return (total + block - 1) / block;
}

struct Shape {
  dim3 blocks;
  dim3 threads;
  int64_t shared_bytes = 0;
};

inline Shape one_thread_each(int64_t elements) {
  return {dim3(static_cast<unsigned>(num_blocks(elements, kElementThreads))), dim3(kElementThreads)};
}

inline Shape one_warp_each(int64_t rows) {
  return {dim3(static_cast<unsigned>(num_blocks(rows, kRowsPerBlock))), dim3(kWarp, kRowsPerBlock)};
}

/// Queues the kernel on the device's stream; a grid without blocks is nothing to do.
template <class... Parameters, class... Arguments>
void launch(Cuda& dev, const Shape& shape, void (*kernel)(Parameters...), const Arguments&... arguments) {
  if (shape.blocks.x == 0 || shape.blocks.y == 0 || shape.blocks.z == 0) return;
  if (shape.shared_bytes > kDefaultSharedBytes) {
    cuda_check(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shape.shared_bytes)),
        "cudaFuncSetAttribute");
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = shape.blocks;
  config.blockDim = shape.threads;
  config.dynamicSmemBytes = static_cast<size_t>(shape.shared_bytes);
  config.stream = dev.stream.get();
  cuda_check(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...), "cudaLaunchKernelEx");
}

/// Of the calling thread, in the whole grid.
inline __device__ int64_t element_of_thread() {
  return int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
}
/// Of the calling warp, where warps take rows.
inline __device__ int64_t row_of_warp() {
  return int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.y;
}

/// Sums and maxima over the 32 lanes of a warp, the same on each.
template <class T>
inline __device__ T warp_sum(T value) {
#pragma unroll
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kAllLanes, value, lanes);
  return value;
}

inline __device__ float warp_max(float value) {
#pragma unroll
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {
    const float other = __shfl_xor_sync(kAllLanes, value, lanes);
    value = other > value ? other : value;
  }
  return value;
}

}  // namespace gigahop::ops::cuda
