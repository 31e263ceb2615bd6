/// One level of the hierarchy as the phases see it: a symmetric graph over the ranks and what its nodes weigh in each
/// balance constraint. The finest level is the caller's, coarser ones are the hierarchy's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "partition/distributed_graph.h"
#include "partition/part_limits.h"

namespace gigahop::partition {

struct LevelView {
  const DistributedGraph& graph;
  int num_constraints = 1;
  std::span<const NodeWeight> node_weights;  // [owned, C]; the first constraint weighs at least 1 for every node

  std::span<const NodeWeight> weights(int64_t row) const {
    const auto width = static_cast<size_t>(num_constraints);
    return node_weights.subspan(static_cast<size_t>(row) * width, width);
  }
  /// Isolated nodes are no matter of clusters or cuts: they are held out, and placed once the rest of their level is.
  bool is_isolated(int64_t row) const { return graph.degree(row) == 0; }
  /// Of the owned nodes.
  int64_t num_connected() const {
    int64_t count = 0;
    for (int64_t row = 0; row < graph.num_owned(); ++row) count += is_isolated(row) ? 0 : 1;
    return count;
  }
};

/// The owned nodes with edges, in ascending order of key(row), an uint64_t; those of equal keys by row.
template <class Key>
std::vector<int32_t> connected_rows_by(const LevelView& level, const Key& key) {
  std::vector<std::pair<uint64_t, int32_t>> keyed;
  keyed.reserve(static_cast<size_t>(level.num_connected()));
  for (int64_t row = 0; row < level.graph.num_owned(); ++row) {
    if (!level.is_isolated(row)) keyed.emplace_back(key(row), static_cast<int32_t>(row));
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<int32_t> rows;
  rows.reserve(keyed.size());
  for (const auto& [value, row] : keyed) rows.push_back(row);
  return rows;
}

struct Level {
  DistributedGraph graph;
  int num_constraints = 1;
  std::vector<NodeWeight> node_weights;

  LevelView view() const { return {graph, num_constraints, node_weights}; }
};

}  // namespace gigahop::partition
