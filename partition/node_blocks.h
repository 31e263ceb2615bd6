/// Consecutive ids over ranks: while a dataset is read, rank r holds the nodes [first(r), first(r + 1)) of the original
/// order, or of the new order. Who holds what is R + 1 numbers, the same on every rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gigahop::partition {

class NodeBlocks {
 public:
  /// Blocks that differ in size by one node at most.
  NodeBlocks(int64_t num_nodes, int num_ranks);
  /// Blocks of any size, also none: offsets [R + 1], ascending from 0 to the number of nodes.
  explicit NodeBlocks(std::vector<int64_t> offsets) : offsets_(std::move(offsets)) {}

  int64_t num_nodes() const { return offsets_.back(); }
  int num_ranks() const { return static_cast<int>(offsets_.size()) - 1; }
  int64_t first(int rank) const { return offsets_[static_cast<size_t>(rank)]; }
  int64_t size(int rank) const { return first(rank + 1) - first(rank); }
  /// id in [0, num_nodes).
  int owner(int64_t id) const;

 private:
  std::vector<int64_t> offsets_;
};

}  // namespace gigahop::partition
