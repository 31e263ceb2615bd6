/// METIS over the whole graph: rows are gathered on rank 0, which alone runs it, and the parts are handed back by
/// blocks. The one step of partitioning that does not grow with the number of ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "graph/csr.h"
#include "partition/node_attributes.h"
#include "partition/node_blocks.h"

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

/// Weights of the constraints: nodes (1), edges (degree, at most half a part's share, so that one hub cannot make the
/// constraint unsatisfiable), training nodes (0 or 1; only if there are two or more for each part). [n, constraints].
/// Pure.
struct ConstraintWeights {
  int num_constraints = 1;
  std::vector<int64_t> weights;
};
ConstraintWeights constraint_weights(std::span<const int32_t> row_offsets, std::span<const uint8_t> is_train,
                                     int num_parts);

/// [block] part of each node of this rank's block.
///
/// rows        symmetric adjacency of the block, as read_edge_blocks makes it
/// Errors      Error{kData} if nodes or entries exceed index_limit
/// Collective  all ranks
/// Cost        rank 0 holds the graph, 4 bytes an entry, and METIS some 75 more
std::vector<int32_t> metis_partition(const comm::Communicator& comm, const NodeBlocks& blocks,
                                     graph::CsrView<int64_t> rows, std::span<const Split> splits,
                                     const MetisOptions& options);

}  // namespace gigahop::partition
