/// The words of random_words (base/random.h) on the device: the same bits, drawn by element.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include <Random123/philox.h>

#include "ops/dropout.h"

namespace gigahop::ops::cuda {

/// What the masks of a call are drawn from, but the id and the element.
struct Mask {
  uint32_t key[2];
  uint32_t purpose;  // in the high 8 bits
  uint32_t step;
  uint32_t threshold;
  float scale;
  bool drops;  // or keeps everything, and draws nothing
};

inline Mask mask_of(const Dropout& dropout) {
  return {{static_cast<uint32_t>(dropout.key.seed), static_cast<uint32_t>(dropout.key.seed >> 32)},
          static_cast<uint32_t>(dropout.purpose) << 24,
          static_cast<uint32_t>(dropout.step),
          dropout_threshold(dropout.probability),
          static_cast<float>(dropout_scale(dropout.probability)),
          dropout.probability > 0};
}

/// What four elements of an id, 4 group to 4 group + 3, are multiplied by: 0 or mask.scale.
inline __device__ void draw_factors(const Mask& mask, OriginalId id, uint32_t group, float* factors) {
  if (!mask.drops) {
    for (int j = 0; j < 4; ++j) factors[j] = 1;
    return;
  }
  const auto bits = static_cast<uint64_t>(id.value);
  const r123::Philox4x32::ctr_type counter = {
      {group, static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32) | mask.purpose, mask.step}};
  const r123::Philox4x32::key_type key = {{mask.key[0], mask.key[1]}};
  const r123::Philox4x32::ctr_type words = r123::Philox4x32()(counter, key);
  for (int j = 0; j < 4; ++j) factors[j] = words.v[j] >= mask.threshold ? mask.scale : 0.0F;
}

/// apply(c, j) for the columns c of a row whose first element is first_element, by the lanes of a warp: a lane
/// takes those that share a draw, c being element j of it. begin_group(group) is called before.
template <class BeginGroup, class Apply>
inline __device__ void for_each_draw(uint32_t first_element, int64_t cols, int lane, const BeginGroup& begin_group,
                                     const Apply& apply) {
  const int64_t first = first_element;
  const int64_t last_group = (first + cols - 1) / 4;
  for (int64_t group = first / 4 + lane; group <= last_group; group += 32) {
    begin_group(static_cast<uint32_t>(group));
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t c = 4 * group + j - first;
      if (c >= 0 && c < cols) apply(c, j);
    }
  }
}

}  // namespace gigahop::ops::cuda
