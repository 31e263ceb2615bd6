/// Mean and deviation of a row, by the lanes of a warp.
#pragma once

#include "ops/cuda/launch.cuh"
#include "ops/layer_norm.h"

namespace gigahop::ops::cuda {

struct RowStatistics {
  float mean;
  float inverse_deviation;
};

inline __device__ RowStatistics row_statistics(const float* x, int64_t n) {
  float sum = 0;
  for (int64_t c = threadIdx.x; c < n; c += kWarp) sum += x[c];
  const float mean = warp_sum(sum) / static_cast<float>(n);
  float squares = 0;
  for (int64_t c = threadIdx.x; c < n; c += kWarp) squares += (x[c] - mean) * (x[c] - mean);
  const float variance = warp_sum(squares) / static_cast<float>(n);
  return {mean, 1.0F / sqrtf(variance + static_cast<float>(kNormEpsilon))};
}

}  // namespace gigahop::ops::cuda
