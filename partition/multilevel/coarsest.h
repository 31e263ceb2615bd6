/// The partition of the coarsest level, which is small enough for METIS: gathered on one rank of each host, cut several
/// times from different seeds, and the best result given to all.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "partition/multilevel/level.h"
#include "partition/part_limits.h"

namespace gigahop::partition {

struct CoarsestOptions {
  uint64_t seed = 0;
  /// Adjacency entries that METIS is given at most; of a denser level it sees the heaviest edges only.
  int64_t max_entries = 0;
};

/// [owned] part of each node; kNoPart for isolated nodes, which are not gathered.
///
/// Collective  all ranks
/// Cost        hosts share the attempts; a rank that attempts holds 8 (C + 3) bytes a node and what forecast.cc tells
/// Order       a function of the level, the limits and the options, whatever the number of hosts
std::vector<int32_t> partition_coarsest(const comm::Communicator& comm, const LevelView& level,
                                        const PartLimits& limits, const CoarsestOptions& options);

}  // namespace gigahop::partition
