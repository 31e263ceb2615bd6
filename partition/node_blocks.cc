#include "partition/node_blocks.h"

#include <algorithm>

namespace gigahop::partition {

NodeBlocks::NodeBlocks(int64_t num_nodes, int num_ranks, int num_owners) {
  const int64_t quotient = num_nodes / num_owners;
  const int64_t remainder = num_nodes % num_owners;
  for (int rank = 0; rank < num_owners; ++rank) offsets_.push_back(quotient * rank + remainder * rank / num_owners);
  offsets_.resize(static_cast<size_t>(num_ranks) + 1, num_nodes);
}

int NodeBlocks::num_owners() const {
  const auto first_end = std::lower_bound(offsets_.begin() + 1, offsets_.end(), num_nodes());
  return static_cast<int>(first_end - offsets_.begin());
}

int NodeBlocks::owner(int64_t id) const {
  return static_cast<int>(std::upper_bound(offsets_.begin() + 1, offsets_.end() - 1, id) - offsets_.begin()) - 1;
}

int count_owners(int64_t num_nodes, int64_t num_entries, int64_t entries_of_rank, int num_ranks) {
  return static_cast<int>(std::clamp<int64_t>((num_nodes + num_entries) / entries_of_rank, 1, num_ranks));
}

}  // namespace gigahop::partition
