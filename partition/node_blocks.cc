#include "partition/node_blocks.h"

#include <algorithm>

namespace gigahop::partition {

NodeBlocks::NodeBlocks(int64_t num_nodes, int num_ranks) {
  const int64_t quotient = num_nodes / num_ranks;
  const int64_t remainder = num_nodes % num_ranks;
  for (int rank = 0; rank <= num_ranks; ++rank) offsets_.push_back(quotient * rank + remainder * rank / num_ranks);
}

int NodeBlocks::owner(int64_t id) const {
  return static_cast<int>(std::upper_bound(offsets_.begin() + 1, offsets_.end() - 1, id) - offsets_.begin()) - 1;
}

}  // namespace gigahop::partition
