/// What sampling must know of every row of a rank's graph, halo included: original ids, row lengths, whom to ask.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "comm/communicator.h"
#include "comm/exchange.h"
#include "graph/local_graph.h"

namespace gigahop::sampler {

struct KnownRows {
  std::vector<OriginalId> original_ids;  // [owned + halo]
  std::vector<int64_t> halo_degrees;     // [halo] length of the row on its owner
  std::vector<int32_t> halo_ranks;       // [halo]
  std::vector<int64_t> halo_owner_rows;  // [halo]
  comm::RowPlan halo_plan;               // rows wanted = halo, in order
};

/// Collective. Cost: 8 bytes out and 16 bytes back per halo node.
KnownRows learn_rows(const graph::LocalGraph& graph, const comm::Communicator& comm);

}  // namespace gigahop::sampler
