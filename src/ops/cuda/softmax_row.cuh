/// Softmax of a row, by the lanes of a warp.
#pragma once

#include "ops/cuda/launch.cuh"

namespace gigahop::ops::cuda {

/// store(c, weight) for the softmax of score(0) to score(n - 1). A score of -infinity has weight 0, also if all are.
/// Element c is read and stored by one lane alone, so a row may be replaced by its softmax.
template <class Score, class Store>
inline __device__ void softmax_row(int64_t n, const Score& score, const Store& store) {
  float largest = -INFINITY;
  for (int64_t c = threadIdx.x; c < n; c += kWarp) largest = fmaxf(largest, score(c));
  largest = warp_max(largest);
  const float base = largest == -INFINITY ? 0.0F : largest;
  float sum = 0;
  for (int64_t c = threadIdx.x; c < n; c += kWarp) sum += expf(score(c) - base);
  sum = warp_sum(sum);
  const float inverse = sum == 0 ? 0.0F : 1.0F / sum;
  for (int64_t c = threadIdx.x; c < n; c += kWarp) store(c, expf(score(c) - base) * inverse);
}

}  // namespace gigahop::ops::cuda
