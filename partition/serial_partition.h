/// Parts of a whole graph on one rank: METIS where METIS can, with its result never believed unseen.
#pragma once

#include <cstdint>
#include <vector>

#include "partition/serial_graph.h"

namespace gigahop::partition {

/// [n] part of each node. One part, or no more nodes than parts (each a part of its own), never reach METIS. Otherwise:
/// METIS with all constraints; if that leaves empty or badly overfull parts, without the last, and so on; if it does so
/// with the first alone, equal runs of ids; then rebalance(). Every part has a node if n >= num_parts.
std::vector<int32_t> partition_serially(const SerialGraph& graph, const PartLimits& limits, uint64_t seed);

}  // namespace gigahop::partition
