/// What a partition balances: weights of every node under each constraint.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/distributed_graph.h"
#include "partition/node_attributes.h"
#include "partition/part_limits.h"

namespace gigahop::partition {

/// kTraining: nodes, adjacency entries, training nodes. kEvaluation: valid and test nodes together too, for runs that
/// evaluate often. kNodes: nodes alone, for the smallest cut.
enum class Balance { kTraining, kEvaluation, kNodes };

/// Of the whole graph; 0 for what is not to be balanced.
struct ConstraintTotals {
  int64_t num_entries = 0;
  int64_t num_train = 0;
  int64_t num_evaluation = 0;  // valid and test
};

/// [n, num_constraints]. The first constraint is the number of nodes; then adjacency entries, training nodes, and valid
/// and test nodes, each only if there is enough of it to balance.
struct ConstraintWeights {
  int num_constraints = 1;
  std::vector<NodeWeight> weights;
};

/// Nodes weigh 1; entries the degree, at most half a part's share, so that a part with a hub has room for other nodes;
/// training and evaluation nodes 0 or 1, only if there are two or more for each part.
///
/// row_offsets [n + 1], splits [n]: of any piece of the graph; totals: of the whole. Pure.
ConstraintWeights constraint_weights(std::span<const int64_t> row_offsets, std::span<const Split> splits,
                                     const ConstraintTotals& totals, int num_parts);

/// Of this rank's block. Collective.
ConstraintWeights constraint_weights_of_block(const comm::Communicator& comm, const DistributedGraph& graph,
                                              std::span<const Split> splits, int num_parts, Balance balance);

}  // namespace gigahop::partition
