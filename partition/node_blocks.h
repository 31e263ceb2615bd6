/// Consecutive ids over ranks: while a dataset is read, rank r holds the nodes [first(r), first(r + 1)) of the original
/// order, or of the new order. Blocks differ in size by one node at most.
#pragma once

#include <cstdint>

namespace gigahop::partition {

class NodeBlocks {
 public:
  NodeBlocks(int64_t num_nodes, int num_ranks) : num_nodes_(num_nodes), num_ranks_(num_ranks) {}

  int64_t num_nodes() const { return num_nodes_; }
  int64_t first(int rank) const;
  int64_t size(int rank) const { return first(rank + 1) - first(rank); }
  /// id in [0, num_nodes).
  int owner(int64_t id) const;

 private:
  int64_t num_nodes_;
  int num_ranks_;
};

}  // namespace gigahop::partition
