/// The largest of a row of numbers, by the lanes of a warp.
#pragma once

#include "ops/cuda/launch.cuh"

namespace gigahop::ops::cuda {

struct Largest {
  float value;
  int32_t index;
};

/// Of value(0) to value(n - 1), the lowest index of equal ones; the same on each lane.
template <class Value>
inline __device__ Largest largest_of(int64_t n, const Value& value) {
  Largest mine = {-INFINITY, INT32_MAX};
  for (int64_t c = threadIdx.x; c < n; c += kWarp) {
    const float candidate = value(c);
    if (candidate > mine.value || mine.index == INT32_MAX) mine = {candidate, static_cast<int32_t>(c)};
  }
  for (int lanes = kWarp / 2; lanes > 0; lanes /= 2) {
    const float other = __shfl_xor_sync(kAllLanes, mine.value, lanes);
    const int32_t index = __shfl_xor_sync(kAllLanes, mine.index, lanes);
    if (other > mine.value || (other == mine.value && index < mine.index)) mine = {other, index};
  }
  return mine;
}

}  // namespace gigahop::ops::cuda
