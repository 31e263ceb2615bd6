#include "partition/serial_partition.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/log.h"
#include "partition/metis_call.h"
#include "partition/rebalance.h"

namespace gigahop::partition {
namespace {

/// Beyond this excess over a limit METIS has given up on a constraint, and repairing would cost more cut than retrying.
constexpr double kHopeless = 1.25;

bool is_usable(const SerialGraph& graph, const PartLimits& limits, std::span<const int32_t> parts) {
  for (const int32_t part : parts) {
    if (part < 0 || part >= limits.num_parts) return false;
  }
  const PartLoads loads(graph, limits, parts);
  return std::find(loads.counts.begin(), loads.counts.end(), 0) == loads.counts.end() && loads.worst() <= kHopeless;
}

SerialGraph with_first_constraint(const SerialGraph& graph) {
  SerialGraph simpler = graph;
  simpler.num_constraints = 1;
  simpler.node_weights.clear();
  for (int64_t node = 0; node < graph.num_nodes(); ++node) simpler.node_weights.push_back(graph.weights(node)[0]);
  return simpler;
}

std::vector<int32_t> equal_runs(int64_t num_nodes, int num_parts) {
  std::vector<int32_t> parts(static_cast<size_t>(num_nodes));
  for (int64_t node = 0; node < num_nodes; ++node) {
    parts[static_cast<size_t>(node)] = static_cast<int32_t>(node * num_parts / num_nodes);
  }
  return parts;
}

}  // namespace

std::vector<int32_t> partition_serially(const SerialGraph& graph, const PartLimits& limits, uint64_t seed) {
  const int num_parts = limits.num_parts;
  std::vector<int32_t> parts(static_cast<size_t>(graph.num_nodes()));
  if (num_parts == 1) return parts;
  if (graph.num_nodes() <= num_parts) {
    std::iota(parts.begin(), parts.end(), 0);
    return parts;
  }
  std::optional<std::vector<int32_t>> result = call_metis(graph, limits, seed);
  if (!result.has_value() || !is_usable(graph, limits, *result)) {
    log_debug("METIS left empty or overfull parts with {} constraints", graph.num_constraints);
    const SerialGraph simpler = with_first_constraint(graph);
    const PartLimits first_limit{.num_parts = num_parts, .limits = {limits.limits[0]}};
    result = call_metis(simpler, first_limit, seed);
    if (!result.has_value() || !is_usable(simpler, first_limit, *result)) {
      result = equal_runs(graph.num_nodes(), num_parts);
    }
  }
  rebalance(graph, limits, *result);
  return *result;
}

}  // namespace gigahop::partition
