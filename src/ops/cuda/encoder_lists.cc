#include "ops/cuda/encoder_lists.h"

#include <algorithm>

#include "base/error.h"

namespace gigahop::ops::cuda {
namespace {

/// Seeds are an axis of grids.
constexpr int64_t kMaxSeeds = 65535;

}  // namespace

std::vector<EncoderChunk> plan_chunks(std::span<const int32_t> offsets, int64_t max_tokens) {
  require(!offsets.empty(), "plan_chunks: lists have offsets");
  std::vector<EncoderChunk> chunks = {{.first_entry = offsets.front()}};
  for (size_t b = 0; b + 1 < offsets.size(); ++b) {
    const int64_t entries = offsets[b + 1] - offsets[b];
    const EncoderChunk& last = chunks.back();
    const bool is_full = entries > 0 && last.num_tokens() + 3 * entries > max_tokens;
    if ((is_full && last.num_seeds > 0) || last.num_seeds == kMaxSeeds) {
      chunks.push_back({.first_seed = static_cast<int64_t>(b), .first_entry = offsets[b]});
    }
    EncoderChunk& chunk = chunks.back();
    ++chunk.num_seeds;
    chunk.num_entries += entries;
    chunk.max_entries = std::max(chunk.max_entries, entries);
  }
  return chunks;
}

}  // namespace gigahop::ops::cuda
