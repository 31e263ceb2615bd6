/// Samples as lists of distinct nodes with counts, and how a sequence of K nodes becomes one.
///
/// Letters: B seeds, K sample size, S list entries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "sampler/priority.h"

namespace gigahop::sampler {

/// Ragged, by seed: the seed first, then the other nodes of its sample by ascending original id. Counts of a list sum
/// to K.
struct SampleLists {
  std::vector<int32_t> offsets;  // [B + 1]
  std::vector<OriginalId> ids;   // [S]
  std::vector<int32_t> counts;   // [S] >= 1

  int64_t num_lists() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

/// The sample of a seed from its candidates: the sequence.size() lowest of both lists together, list 1 first where
/// priorities are equal; where there are fewer, all of them by ascending priority, again and again. Pure.
/// first, second  priorities under their keys, ascending, distinct; not both empty
void fill_sequence(std::span<const uint64_t> first, PriorityKey first_key, std::span<const uint64_t> second,
                   PriorityKey second_key, std::span<OriginalId> sequence);

/// Lists written by many threads, each its own seeds.
class ListBuffer {
 public:
  ListBuffer(int64_t num_seeds, int64_t sample_size);

  /// sequence [K - 1]: the sample of seed b without its leading place; sorted in place.
  void write(int64_t b, OriginalId seed, std::span<OriginalId> sequence);
  SampleLists pack() const;

 private:
  int64_t sample_size_;
  std::vector<int32_t> lengths_;  // [B]
  std::vector<OriginalId> ids_;   // [B, K]
  std::vector<int32_t> counts_;   // [B, K]
};

/// The seed alone, count 1.
SampleLists lists_of_seeds(std::span<const OriginalId> seeds);

/// The distinct nodes of all lists by ascending original id, so that sums over them do not depend on the partition.
struct DistinctNodes {
  std::vector<OriginalId> ids;        // [U]
  std::vector<int32_t> sample_nodes;  // [S] place of each list entry in ids
};
/// Pure. Cost: expected O(S + U log U).
DistinctNodes number_distinct_nodes(const SampleLists& lists);

}  // namespace gigahop::sampler
