/// A whole graph in the memory of one rank, with weights: what METIS and the repair of its results work on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/part_limits.h"

namespace gigahop::partition {

struct SerialGraph {
  std::vector<int32_t> row_offsets = {0};  // [n + 1]; fits because METIS has 32-bit indices
  std::vector<int32_t> column_ids;         // symmetric, without self-loops and duplicates
  std::vector<int64_t> edge_weights;       // like column_ids; empty: all 1
  int num_constraints = 1;
  std::vector<int64_t> node_weights;  // [n, num_constraints]; the first constraint is the one that must hold

  int64_t num_nodes() const { return static_cast<int64_t>(row_offsets.size()) - 1; }
  int64_t degree(int64_t node) const { return row_offsets[node + 1] - row_offsets[node]; }
  int64_t edge_weight(int64_t entry) const { return edge_weights.empty() ? 1 : edge_weights[entry]; }
  std::span<const int64_t> weights(int64_t node) const {
    const auto width = static_cast<size_t>(num_constraints);
    return std::span(node_weights).subspan(static_cast<size_t>(node) * width, width);
  }
  /// Every part at most (1 + imbalance) times the average, as far as nodes can be divided.
  PartLimits limits(int num_parts, double imbalance) const;
};

}  // namespace gigahop::partition
