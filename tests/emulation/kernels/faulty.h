/// Kernels that are wrong on purpose, one fault each, and a few that are right where a checker might complain.
///
/// All take an array of 256 floats; `launch_fault` queues one of them.
#pragma once

#include <cuda_runtime_api.h>

namespace emulation::testing {

enum class Fault {
  // Found always: the launch ends with cudaErrorLaunchFailure.
  kBarrierInBranch,
  kReturnBeforeBarrier,
  kTwoBarriers,
  kShuffleInBranch,
  kTwoShuffles,
  kShuffleOutsideMask,
  kLaneNotInItsMask,
  kMisalignedLoad,
  kTrap,
  // Found by results, in one order of threads at least.
  kMissingBarrier,
  kMissingWarpBarrier,
  kSharedNotWritten,
  // Found by AddressSanitizer.
  kBeyondArray,
  kBeyondDynamicShared,
  // Right.
  kHalfWarps,
  kWarpSum,
  kSpinLock,
  kVotes,
  kStoreIndex,
  kAddOne,
};

cudaError_t launch_fault(Fault fault, float* values, cudaStream_t stream);

/// target[i] = source[i]
cudaError_t launch_copy(const float* source, float* target, cudaStream_t stream);

/// A launch of kAddOne in blocks of `threads` threads with dynamic shared memory.
cudaError_t launch_with(unsigned threads, size_t dynamic_shared_bytes, float* values, cudaStream_t stream);
cudaError_t allow_dynamic_shared(int bytes);

}  // namespace emulation::testing
