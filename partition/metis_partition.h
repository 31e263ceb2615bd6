/// METIS over the whole graph: rows are gathered on rank 0, which alone runs it, and the parts are handed back by
/// blocks. The one method that does not grow with the number of ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "partition/constraints.h"
#include "partition/distributed_graph.h"

namespace gigahop::partition {

/// What METIS of the distribution can index.
inline constexpr int64_t kMetisLimit = INT32_MAX;

struct MetisOptions {
  int num_parts = 1;
  double imbalance = 0.03;  // allowed excess of the heaviest part over the average, for each constraint
  uint64_t seed = 0;
  int64_t chunk_bytes = 64 << 20;
  int64_t index_limit = kMetisLimit;
};

/// [block] part of each node of this rank's block.
///
/// graph       symmetric
/// Errors      Error{kData} if nodes or entries exceed index_limit, or rank 0 lacks the memory
/// Collective  all ranks
/// Cost        rank 0 holds the graph and what METIS takes: forecast_metis_bytes()
std::vector<int32_t> metis_partition(const comm::Communicator& comm, const DistributedGraph& graph,
                                     const ConstraintWeights& constraints, const MetisOptions& options);

}  // namespace gigahop::partition
