/// The pieces of a batch that the local encoder works on at a time, and where the tokens of their seeds lie.
///
/// Token t of a seed is hop t % 3 of entry t / 3 of its list. The tokens of a chunk's seeds, one list after the other,
/// are the chunk's rows; the token of a distinct node stands once in the rows of the batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/local_encoder.h"
#include "tensor/cuda.h"

namespace gigahop::ops::cuda {

/// Consecutive seeds.
struct EncoderChunk {
  int64_t first_seed = 0;
  int64_t num_seeds = 0;
  int64_t first_entry = 0;
  int64_t num_entries = 0;
  int64_t max_entries = 0;  // of one seed

  int64_t num_tokens() const { return 3 * num_entries; }
};

/// Chunks that cover the seeds of these offsets in order, each of at most max_tokens tokens or one seed; at least one
/// chunk, without seeds if there are none. Pure.
std::vector<EncoderChunk> plan_chunks(std::span<const int32_t> offsets, int64_t max_tokens);

/// One seed's list on the device.
struct EncoderList {
  const int32_t* nodes = nullptr;   // of its entries
  const int32_t* counts = nullptr;  // of its entries
  int32_t num_tokens = 0;
  int64_t first_row = 0;  // among the chunk's rows

  /// Among the rows of the batch.
  constexpr int64_t batch_row(int32_t token) const { return 3 * int64_t{nodes[token / 3]} + token % 3; }
};

/// The lists of a chunk on the device.
struct EncoderLists {
  const OriginalId* seed_ids = nullptr;  // [num_seeds]
  const int32_t* offsets = nullptr;      // [num_seeds + 1], into nodes and counts
  const int32_t* nodes = nullptr;        // [S]
  const int32_t* counts = nullptr;       // [S]
  int64_t first_entry = 0;

  EncoderLists(const SampleLists<Cuda>& lists, const EncoderChunk& chunk)
      : seed_ids(lists.seed_ids.data + chunk.first_seed),
        offsets(lists.offsets.data + chunk.first_seed),
        nodes(lists.nodes.data),
        counts(lists.counts.data),
        first_entry(chunk.first_entry) {}

  constexpr EncoderList operator[](int64_t seed) const {
    const int64_t first = offsets[seed];
    return {nodes + first, counts + first, 3 * (offsets[seed + 1] - offsets[seed]), 3 * (first - first_entry)};
  }
};

}  // namespace gigahop::ops::cuda
