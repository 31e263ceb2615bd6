/// How much of each constraint a part may carry: one rule for every method.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gigahop::partition {

/// What one node weighs in one constraint, on any level. Clusters are bounded so that 32 bits do
/// (multilevel/cluster_weights.h); what parts carry needs 64.
using NodeWeight = int32_t;

struct PartLimits {
  int num_parts = 1;
  std::vector<int64_t> limits;  // [C] the same for all parts

  /// The same with all other constraints lifted: where constraints contradict each other (one node with half of all
  /// edges), the first is the one that has to hold.
  PartLimits of_first_constraint() const;
};

/// totals, heaviest  [C] weight of all nodes, and of the heaviest of them
///
/// (1 + imbalance) times the average; but never less than what whole nodes allow: the average rounded up, and the
/// heaviest node. Pure.
PartLimits part_limits(std::span<const int64_t> totals, std::span<const int64_t> heaviest, int num_parts,
                       double imbalance);

}  // namespace gigahop::partition
