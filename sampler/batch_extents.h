/// How large a batch is: what the memory of a step depends on, and only drawn samples tell.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "sampler/mini_batch.h"

namespace gigahop::sampler {

/// Of one rank.
struct BatchExtents {
  int64_t num_seeds = 0;
  int64_t num_entries = 0;  // of all sample lists
  int64_t num_nodes = 0;    // distinct
  int64_t num_remote = 0;   // of them, fetched from other ranks
};

/// The larger of each number.
BatchExtents larger_of(const BatchExtents& a, const BatchExtents& b);

/// [B + 1]: element b has the extents of b of the batch's seeds, taken in an order that mixes its parts; the distinct
/// nodes of fewer seeds are more than in proportion. is_fetched [U]. Pure. Cost: O(S + B log B).
std::vector<BatchExtents> extents_by_seeds(const MiniBatch& batch, const std::vector<bool>& is_fetched);

/// What loading a batch begins with, and what is known then.
struct DrawnBatch {
  std::vector<BatchExtents> extents;   // [B + 1] as of extents_by_seeds
  std::vector<OriginalId> remote_ids;  // of the whole batch, cached or not, ascending
};

}  // namespace gigahop::sampler
