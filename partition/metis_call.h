/// The one call of METIS, and the only file that sees its header.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "partition/serial_graph.h"

namespace gigahop::partition {

/// METIS_PartGraphKway, minimising the cut under num_constraints balance constraints. Weights are scaled down where
/// their total exceeds what METIS can add up in 32 bits; of a node heavier than half a part's share METIS sees that
/// half, because from one heavy node it makes one part of everything.
///
/// Returns  [n] part of each node as METIS said it: parts may be empty or overfull, whatever METIS thinks of it;
///          nothing if METIS reports failure
/// Needs    1 < num_parts < n
/// Errors   Error{kData} if METIS runs out of memory
/// Signals  METIS handles SIGTERM itself, by reporting failure, and also raises it to break off: it must be blocked, or
///          not come. Where it is blocked (base/stop_signal.h) METIS goes on without what it failed to allocate, and
///          may crash.
std::optional<std::vector<int32_t>> call_metis(const SerialGraph& graph, const PartLimits& limits, uint64_t seed);

}  // namespace gigahop::partition
