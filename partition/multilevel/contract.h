/// Coarsening, second half: every cluster becomes a node of the next level, edges between clusters become one edge with
/// their weights added.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "comm/communicator.h"
#include "partition/multilevel/level.h"

namespace gigahop::partition {

struct Contraction {
  Level coarse;
  std::vector<int64_t> coarse_ids;  // [owned] coarse node of each node; kNoCluster for isolated nodes
};

/// clusters  [owned], as cluster_nodes returns them
///
/// Coarse nodes are numbered in the order of the nodes their clusters are named after and spread evenly over the ranks
/// that hold nodes of the level.
///
/// Errors      Error{kData} if a coarse edge weighs 2^31 or more, or local ids exceed 32 bits
/// Collective  all ranks
/// Cost        one sweep over the edges; each rank adds up what it can before sending; 16 bytes sent per remaining
///             edge, in rounds of chunk_bytes; 24 bytes of memory per edge of its own rows and 28 per edge received
Contraction contract(const comm::Communicator& comm, const LevelView& level, std::span<const int64_t> clusters,
                     int64_t chunk_bytes);

}  // namespace gigahop::partition
