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

std::vector<int32_t> equal_runs(int64_t num_nodes, int num_parts) {
  std::vector<int32_t> parts(static_cast<size_t>(num_nodes));
  for (int64_t node = 0; node < num_nodes; ++node) {
    parts[static_cast<size_t>(node)] = static_cast<int32_t>(node * num_parts / num_nodes);
  }
  return parts;
}

void drop_last_constraint(SerialGraph& graph) {
  std::vector<int64_t> weights;
  const auto kept = static_cast<size_t>(graph.num_constraints - 1);
  weights.reserve(kept * static_cast<size_t>(graph.num_nodes()));
  for (int64_t node = 0; node < graph.num_nodes(); ++node) {
    const auto first = graph.weights(node).first(kept);
    weights.insert(weights.end(), first.begin(), first.end());
  }
  graph.node_weights = std::move(weights);
  --graph.num_constraints;
}

/// By METIS with as many of the constraints, from the first on, as it can meet; by runs of ids if it meets none.
std::vector<int32_t> cut_under_constraints(const SerialGraph& graph, const PartLimits& limits, uint64_t seed) {
  std::optional<std::vector<int32_t>> result = call_metis(graph, limits, seed);
  if (result.has_value() && is_usable(graph, limits, *result)) return *result;
  SerialGraph simpler = graph;
  PartLimits fewer = limits;
  while (simpler.num_constraints > 1) {
    log_debug("METIS left empty or overfull parts with {} constraints", simpler.num_constraints);
    drop_last_constraint(simpler);
    fewer.limits.pop_back();
    result = call_metis(simpler, fewer, seed);
    if (result.has_value() && is_usable(simpler, fewer, *result)) return *result;
  }
  return equal_runs(graph.num_nodes(), limits.num_parts);
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
  std::vector<int32_t> result = cut_under_constraints(graph, limits, seed);
  rebalance(graph, limits, result);
  return result;
}

}  // namespace gigahop::partition
