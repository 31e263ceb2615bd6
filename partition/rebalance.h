/// Repairs a partition that METIS left with empty or overfull parts: on small, skewed or weighted graphs it does so and
/// reports success.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "partition/part_limits.h"
#include "partition/serial_graph.h"

namespace gigahop::partition {

/// What each part carries, and may carry, of each constraint.
struct PartLoads {
  PartLoads(const SerialGraph& graph, const PartLimits& limits, std::span<const int32_t> parts);

  int64_t load(int part, int constraint) const {
    return loads[static_cast<size_t>(part * num_constraints + constraint)];
  }
  bool has_room(int part, std::span<const int64_t> weights) const;
  void move(std::span<const int64_t> weights, int from, int to);
  /// Largest load over limit, over all constraints; at most 1 where everything holds.
  double worst() const;

  int num_parts;
  int num_constraints;
  std::vector<int64_t> loads;   // [P, C]
  std::vector<int64_t> counts;  // [P] nodes
  std::vector<int64_t> limits;  // [C]
};

/// Moves nodes out of parts that exceed a limit, those that cost the cut least first, to a connected part with room in
/// all constraints or else to the lightest such part; gives up on what has nowhere to go. If the first constraint is
/// then still exceeded, once more for it alone. Then gives every empty part a node of low degree, if there are at least
/// as many nodes as parts.
///
/// Order  a function of the arguments alone
/// Cost   a few sweeps over the rows of overfull parts
void rebalance(const SerialGraph& graph, const PartLimits& limits, std::span<int32_t> parts);

}  // namespace gigahop::partition
