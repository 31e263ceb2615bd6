/// What sampling must know of every row of a rank's graph, halo included, beside its length: its original id.
#pragma once

#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/local_graph.h"

namespace gigahop::sampler {

/// Rows wanted = the halo, in order. Collective. Cost: 8 bytes out per halo node.
comm::RowPlan plan_halo(const graph::LocalGraph& graph, const comm::Communicator& comm);

/// [owned + halo], by row. Collective. Error{kData} on all ranks where a shard's word on the length of a remote row is
/// not what its owner has. Cost: 8 bytes out and 16 bytes back per halo node; 48 bytes of memory for each while it
/// runs.
std::vector<OriginalId> learn_original_ids(const graph::LocalGraph& graph, const comm::Communicator& comm);

}  // namespace gigahop::sampler
