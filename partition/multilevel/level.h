/// One level of the hierarchy as the phases see it: a symmetric graph over the ranks and what its nodes weigh in each
/// balance constraint. The finest level is the caller's, coarser ones are the hierarchy's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/distributed_graph.h"

namespace gigahop::partition {

struct LevelView {
  const DistributedGraph& graph;
  int num_constraints = 1;
  std::span<const int64_t> node_weights;  // [owned, C]; the first constraint weighs at least 1 for every node

  std::span<const int64_t> weights(int64_t row) const {
    const auto width = static_cast<size_t>(num_constraints);
    return node_weights.subspan(static_cast<size_t>(row) * width, width);
  }
  /// Isolated nodes are no matter of clusters or cuts: they are held out, and placed once the rest of their level is.
  bool is_isolated(int64_t row) const { return graph.degree(row) == 0; }
};

struct Level {
  DistributedGraph graph;
  int num_constraints = 1;
  std::vector<int64_t> node_weights;

  LevelView view() const { return {graph, num_constraints, node_weights}; }
};

}  // namespace gigahop::partition
