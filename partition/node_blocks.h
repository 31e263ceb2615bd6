/// Consecutive ids over ranks: while a dataset is read, rank r holds the nodes [first(r), first(r + 1)) of the original
/// order, or of the new order. Who holds what is R + 1 numbers, the same on every rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gigahop::partition {

/// Nodes and adjacency entries for which a rank is worth its messages.
inline constexpr int64_t kEntriesOfRank = 1'000'000;

class NodeBlocks {
 public:
  /// Blocks of the first num_owners ranks that differ in size by one node at most; the other ranks have none.
  NodeBlocks(int64_t num_nodes, int num_ranks, int num_owners);
  /// All ranks have one.
  NodeBlocks(int64_t num_nodes, int num_ranks) : NodeBlocks(num_nodes, num_ranks, num_ranks) {}
  /// Blocks of any size, also none: offsets [R + 1], ascending from 0 to the number of nodes.
  explicit NodeBlocks(std::vector<int64_t> offsets) : offsets_(std::move(offsets)) {}

  int64_t num_nodes() const { return offsets_.back(); }
  int num_ranks() const { return static_cast<int>(offsets_.size()) - 1; }
  int64_t first(int rank) const { return offsets_[static_cast<size_t>(rank)]; }
  int64_t size(int rank) const { return first(rank + 1) - first(rank); }
  /// Ranks up to the last that has a node, at least one.
  int num_owners() const;
  /// id in [0, num_nodes).
  int owner(int64_t id) const;

 private:
  std::vector<int64_t> offsets_;
};

/// How many ranks hold a graph: one for each entries_of_rank nodes and adjacency entries, at least one. On more, a
/// small graph has most neighbours elsewhere, where they move at the same time, and that costs quality.
int count_owners(int64_t num_nodes, int64_t num_entries, int64_t entries_of_rank, int num_ranks);

}  // namespace gigahop::partition
