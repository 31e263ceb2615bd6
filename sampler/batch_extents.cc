#include "sampler/batch_extents.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace gigahop::sampler {

BatchExtents larger_of(const BatchExtents& a, const BatchExtents& b) {
  return {.num_seeds = std::max(a.num_seeds, b.num_seeds),
          .num_entries = std::max(a.num_entries, b.num_entries),
          .num_nodes = std::max(a.num_nodes, b.num_nodes),
          .num_remote = std::max(a.num_remote, b.num_remote)};
}

std::vector<BatchExtents> extents_by_seeds(const MiniBatch& batch, const std::vector<bool>& is_fetched) {
  std::vector<int64_t> order(batch.seeds.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [](int64_t b) { return scatter(static_cast<uint64_t>(b)); });

  std::vector<BatchExtents> extents(1);
  std::vector<bool> is_seen(batch.node_ids.size());
  for (const int64_t b : order) {
    BatchExtents sum = extents.back();
    ++sum.num_seeds;
    for (int32_t s = batch.sample_offsets[b]; s < batch.sample_offsets[b + 1]; ++s) {
      const int32_t node = batch.sample_nodes[s];
      ++sum.num_entries;
      if (is_seen[node]) continue;
      is_seen[node] = true;
      ++sum.num_nodes;
      if (is_fetched[node]) ++sum.num_remote;
    }
    extents.push_back(sum);
  }
  return extents;
}

}  // namespace gigahop::sampler
