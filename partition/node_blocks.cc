#include "partition/node_blocks.h"

namespace gigahop::partition {

int64_t NodeBlocks::first(int rank) const {
  const int64_t quotient = num_nodes_ / num_ranks_;
  const int64_t remainder = num_nodes_ % num_ranks_;
  return quotient * rank + remainder * rank / num_ranks_;
}

int NodeBlocks::owner(int64_t id) const {
  auto rank = static_cast<int>(static_cast<double>(id) / static_cast<double>(num_nodes_) * num_ranks_);
  while (rank + 1 < num_ranks_ && id >= first(rank + 1)) ++rank;
  while (rank > 0 && id < first(rank)) --rank;
  return rank;
}

}  // namespace gigahop::partition
