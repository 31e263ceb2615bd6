#include "partition/constraints.h"

#include <algorithm>

#include "comm/collectives.h"

namespace gigahop::partition {

ConstraintWeights constraint_weights(std::span<const int64_t> row_offsets, std::span<const Split> splits,
                                     const ConstraintTotals& totals, int num_parts) {
  const int64_t enough = 2 * int64_t{num_parts};
  const bool balance_train = totals.num_train >= enough;
  const bool balance_evaluation = totals.num_evaluation >= enough;
  const int64_t heaviest = std::max<int64_t>(1, totals.num_entries / enough);
  ConstraintWeights constraints;
  constraints.num_constraints =
      1 + (totals.num_entries > 0 ? 1 : 0) + (balance_train ? 1 : 0) + (balance_evaluation ? 1 : 0);
  constraints.weights.reserve(splits.size() * static_cast<size_t>(constraints.num_constraints));
  for (size_t node = 0; node < splits.size(); ++node) {
    const Split split = splits[node];
    constraints.weights.push_back(1);
    if (totals.num_entries > 0) {
      const int64_t degree = std::min(row_offsets[node + 1] - row_offsets[node], heaviest);
      constraints.weights.push_back(static_cast<NodeWeight>(degree));
    }
    if (balance_train) constraints.weights.push_back(split == Split::kTrain ? 1 : 0);
    if (balance_evaluation) constraints.weights.push_back(split == Split::kValid || split == Split::kTest ? 1 : 0);
  }
  return constraints;
}

ConstraintWeights constraint_weights_of_block(const comm::Communicator& comm, const DistributedGraph& graph,
                                              std::span<const Split> splits, int num_parts, Balance balance) {
  int64_t totals[] = {
      graph.row_offsets.back(), std::count(splits.begin(), splits.end(), Split::kTrain),
      std::count(splits.begin(), splits.end(), Split::kValid) + std::count(splits.begin(), splits.end(), Split::kTest)};
  comm::all_reduce_sum(comm, std::span<int64_t>(totals));
  if (balance == Balance::kNodes) totals[0] = totals[1] = 0;
  if (balance != Balance::kEvaluation) totals[2] = 0;
  return constraint_weights(graph.row_offsets, splits,
                            {.num_entries = totals[0], .num_train = totals[1], .num_evaluation = totals[2]}, num_parts);
}

}  // namespace gigahop::partition
