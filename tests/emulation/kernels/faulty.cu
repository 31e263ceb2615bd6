#include "emulation/kernels/faulty.h"

#include <cuda_runtime.h>

extern __shared__ __align__(16) unsigned char dyn_smem[];

namespace emulation::testing {
namespace {

constexpr unsigned kAllLanes = 0xffffffffU;
constexpr int kThreads = 256;

__global__ void barrier_in_branch(float* values) {
  if (threadIdx.x < 128) __syncthreads();
  values[threadIdx.x] = 1;
}

__global__ void return_before_barrier(float* values) {
  if (threadIdx.x >= 200) return;
  __syncthreads();
  values[threadIdx.x] = 1;
}

__global__ void two_barriers(float* values) {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
    values[threadIdx.x] = 1;
  } else {
    __syncthreads();
    values[threadIdx.x] = 2;
  }
}

__global__ void shuffle_in_branch(float* values) {
  auto value = static_cast<float>(threadIdx.x);
  if (threadIdx.x % 2 == 1) value = __shfl_xor_sync(kAllLanes, value, 1);
  values[threadIdx.x] = value;
}

__global__ void two_shuffles(float* values) {
  auto value = static_cast<float>(threadIdx.x);
  if (threadIdx.x % 2 == 1) {
    value = __shfl_xor_sync(kAllLanes, value, 1);
  } else {
    value = __shfl_xor_sync(kAllLanes, value, 1) + 1;
  }
  values[threadIdx.x] = value;
}

__global__ void shuffle_outside_mask(float* values) {
  auto value = static_cast<float>(threadIdx.x);
  if (threadIdx.x % 32 < 16) value = __shfl_sync(0xffffU, value, 20);
  values[threadIdx.x] = value;
}

__global__ void lane_not_in_its_mask(float* values) {
  values[threadIdx.x] = __shfl_sync(0xffffU, static_cast<float>(threadIdx.x), 0);
}

__global__ void misaligned_load(float* values) {
  const float4 four = __ldg(reinterpret_cast<const float4*>(values + 1));
  values[threadIdx.x] = four.x;
}

__global__ void stop(float* values) {
  if (values[threadIdx.x] >= 0) __trap();
}

__global__ void missing_barrier(float* values) {
  __shared__ float shared[kThreads];
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  values[threadIdx.x] = shared[kThreads - 1 - threadIdx.x];
}

__global__ void missing_warp_barrier(float* values) {
  __shared__ float shared[kThreads];
  shared[threadIdx.x] = static_cast<float>(threadIdx.x);
  values[threadIdx.x] = shared[threadIdx.x ^ 31];
}

__global__ void shared_not_written(float* values) {
  __shared__ float shared[kThreads];
  if (threadIdx.x == 0) shared[0] = 1;
  __syncthreads();
  values[threadIdx.x] = shared[threadIdx.x];
}

__global__ void beyond_array(float* values) {
  values[threadIdx.x + 1] = 1;
}

/// Of a launch without any.
__global__ void beyond_dynamic_shared(float* values) {
  auto* shared = reinterpret_cast<float*>(dyn_smem);
  shared[threadIdx.x] = 1;
  __syncthreads();
  values[threadIdx.x] = shared[threadIdx.x];
}

__global__ void half_warps(float* values) {
  float value = 1;
  if (threadIdx.x % 32 < 16) {
    for (int lanes = 8; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0x0000ffffU, value, lanes);
  } else {
    for (int lanes = 8; lanes > 0; lanes /= 2) value += __shfl_xor_sync(0xffff0000U, value, lanes);
  }
  values[threadIdx.x] = value;
}

__global__ void warp_sum(float* values) {
  __shared__ float shared[kThreads];
  shared[threadIdx.x] = 1;
  __syncwarp();
  for (unsigned lanes = 16; lanes > 0; lanes /= 2) {
    const float other = shared[threadIdx.x ^ lanes];
    __syncwarp();
    shared[threadIdx.x] += other;
    __syncwarp();
  }
  values[threadIdx.x] = shared[threadIdx.x];
}

/// values[0] is the lock, as an integer; values[1] counts.
__global__ void spin_lock(float* values) {
  int* lock = reinterpret_cast<int*>(values);
  for (bool done = false; !done;) {
    if (atomicCAS(lock, 0, 1) != 0) continue;
    values[1] += 1;
    __threadfence();
    atomicExch(lock, 0);
    done = true;
  }
}

__global__ void votes(float* values) {
  const unsigned ballot = __ballot_sync(kAllLanes, threadIdx.x % 32 == 3);
  const unsigned lanes = __reduce_add_sync(kAllLanes, 1U);
  const int count = __syncthreads_count(threadIdx.x < 7);
  values[threadIdx.x] =
      static_cast<float>(__ffs(static_cast<int>(ballot)) * 10000 + static_cast<int>(lanes) * 100 + count);
}

__global__ void store_index(float* values) {
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
}

__global__ void add_one(float* values) {
  if (threadIdx.x < kThreads) values[threadIdx.x] += 1;
}

__global__ void copy(const float* source, float* target) {
  target[threadIdx.x] = source[threadIdx.x];
}

cudaLaunchConfig_t one_block(cudaStream_t stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(1);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  return config;
}

using Kernel = void (*)(float*);

Kernel kernel_of(Fault fault) {
  switch (fault) {
    case Fault::kBarrierInBranch:
      return barrier_in_branch;
    case Fault::kReturnBeforeBarrier:
      return return_before_barrier;
    case Fault::kTwoBarriers:
      return two_barriers;
    case Fault::kShuffleInBranch:
      return shuffle_in_branch;
    case Fault::kTwoShuffles:
      return two_shuffles;
    case Fault::kShuffleOutsideMask:
      return shuffle_outside_mask;
    case Fault::kLaneNotInItsMask:
      return lane_not_in_its_mask;
    case Fault::kMisalignedLoad:
      return misaligned_load;
    case Fault::kTrap:
      return stop;
    case Fault::kMissingBarrier:
      return missing_barrier;
    case Fault::kMissingWarpBarrier:
      return missing_warp_barrier;
    case Fault::kSharedNotWritten:
      return shared_not_written;
    case Fault::kBeyondArray:
      return beyond_array;
    case Fault::kBeyondDynamicShared:
      return beyond_dynamic_shared;
    case Fault::kHalfWarps:
      return half_warps;
    case Fault::kWarpSum:
      return warp_sum;
    case Fault::kSpinLock:
      return spin_lock;
    case Fault::kVotes:
      return votes;
    case Fault::kStoreIndex:
      return store_index;
    case Fault::kAddOne:
      return add_one;
  }
  return nullptr;
}

}  // namespace

cudaError_t launch_fault(Fault fault, float* values, cudaStream_t stream) {
  const cudaLaunchConfig_t config = one_block(stream);
  return cudaLaunchKernelEx(&config, kernel_of(fault), values);
}

cudaError_t launch_copy(const float* source, float* target, cudaStream_t stream) {
  const cudaLaunchConfig_t config = one_block(stream);
  return cudaLaunchKernelEx(&config, copy, source, target);
}

cudaError_t launch_with(unsigned threads, size_t dynamic_shared_bytes, float* values, cudaStream_t stream) {
  cudaLaunchConfig_t config = one_block(stream);
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = dynamic_shared_bytes;
  return cudaLaunchKernelEx(&config, add_one, values);
}

cudaError_t allow_dynamic_shared(int bytes) {
  return cudaFuncSetAttribute(add_one, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

}  // namespace emulation::testing
