#include "partition/rebalance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace gigahop::partition {
namespace {

constexpr int kSweeps = 4;

/// Edge weight from one node to each part, for as many nodes as asked, in P numbers.
class Connections {
 public:
  Connections(const SerialGraph& graph, std::span<const int32_t> parts, int num_parts)
      : graph_(graph), parts_(parts), weights_(static_cast<size_t>(num_parts)) {}

  /// Parts that the node has edges to; weight() of them is valid until the next call.
  std::span<const int32_t> of(int32_t node) {
    for (const int32_t part : touched_) weights_[part] = 0;
    touched_.clear();
    for (int64_t entry = graph_.row_offsets[node]; entry < graph_.row_offsets[node + 1]; ++entry) {
      const int32_t part = parts_[graph_.column_ids[entry]];
      if (weights_[part] == 0) touched_.push_back(part);
      weights_[part] += graph_.edge_weight(entry);
    }
    return touched_;
  }
  int64_t weight(int part) const { return weights_[part]; }

 private:
  const SerialGraph& graph_;
  std::span<const int32_t> parts_;
  std::vector<int64_t> weights_;
  std::vector<int32_t> touched_;
};

/// Where a node goes best: the part with room that it has most edges to, else the lightest part with room.
std::optional<int> target_of(const SerialGraph& graph, const PartLoads& loads, Connections& connections, int32_t node,
                             int from) {
  std::optional<int> best;
  for (const int32_t part : connections.of(node)) {
    if (part == from || !loads.has_room(part, graph.weights(node))) continue;
    const bool better = !best.has_value() || connections.weight(part) > connections.weight(*best) ||
                        (connections.weight(part) == connections.weight(*best) && part < *best);
    if (better) best = part;
  }
  if (best.has_value()) return best;
  for (int part = 0; part < loads.num_parts; ++part) {
    if (part == from || !loads.has_room(part, graph.weights(node))) continue;
    if (!best.has_value() || loads.load(part, 0) < loads.load(*best, 0)) best = part;
  }
  return best;
}

/// Nodes of one part that weigh something in the constraint, those that lose least by leaving first.
std::vector<int32_t> leaving_order(const SerialGraph& graph, Connections& connections, std::span<const int32_t> members,
                                   int part, int constraint) {
  std::vector<std::pair<int64_t, int32_t>> keyed;
  for (const int32_t node : members) {
    if (graph.weights(node)[static_cast<size_t>(constraint)] == 0) continue;
    int64_t outside = 0;
    for (const int32_t other : connections.of(node)) {
      if (other != part) outside = std::max(outside, connections.weight(other));
    }
    keyed.emplace_back(connections.weight(part) - outside, node);
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<int32_t> order;
  order.reserve(keyed.size());
  for (const auto& [loss, node] : keyed) order.push_back(node);
  return order;
}

/// Returns how many nodes moved.
int64_t relieve(const SerialGraph& graph, PartLoads& loads, Connections& connections, std::span<int32_t> parts,
                int part, int constraint) {
  std::vector<int32_t> members;
  for (size_t node = 0; node < parts.size(); ++node) {
    if (parts[node] == part) members.push_back(static_cast<int32_t>(node));
  }
  int64_t moved = 0;
  for (const int32_t node : leaving_order(graph, connections, members, part, constraint)) {
    if (loads.load(part, constraint) <= loads.limits[static_cast<size_t>(constraint)]) break;
    const std::optional<int> target = target_of(graph, loads, connections, node, part);
    if (!target.has_value()) continue;
    loads.move(graph.weights(node), part, *target);
    parts[node] = *target;
    ++moved;
  }
  return moved;
}

void relieve_all(const SerialGraph& graph, PartLoads& loads, std::span<int32_t> parts) {
  Connections connections(graph, parts, loads.num_parts);
  for (int sweep = 0; sweep < kSweeps && loads.worst() > 1.0; ++sweep) {
    int64_t moved = 0;
    for (int constraint = 0; constraint < graph.num_constraints; ++constraint) {
      for (int part = 0; part < loads.num_parts; ++part) {
        if (loads.load(part, constraint) <= loads.limits[static_cast<size_t>(constraint)]) continue;
        moved += relieve(graph, loads, connections, parts, part, constraint);
      }
    }
    if (moved == 0) break;
  }
}

void fill_empty_parts(const SerialGraph& graph, PartLoads& loads, std::span<int32_t> parts) {
  std::vector<int32_t> empty;
  for (int part = 0; part < loads.num_parts; ++part) {
    if (loads.counts[part] == 0) empty.push_back(part);
  }
  if (empty.empty()) return;
  std::vector<int32_t> order(parts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return graph.degree(a) < graph.degree(b); });
  const int64_t average = graph.num_nodes() / loads.num_parts;
  for (const int64_t least_left : {std::max<int64_t>(1, average), int64_t{1}}) {
    for (const int32_t node : order) {
      if (empty.empty()) return;
      if (loads.counts[parts[node]] <= least_left) continue;
      loads.move(graph.weights(node), parts[node], empty.back());
      parts[node] = empty.back();
      empty.pop_back();
    }
  }
}

}  // namespace

PartLoads::PartLoads(const SerialGraph& graph, const PartLimits& part_limits, std::span<const int32_t> parts)
    : num_parts(part_limits.num_parts),
      num_constraints(graph.num_constraints),
      loads(static_cast<size_t>(num_parts) * static_cast<size_t>(graph.num_constraints)),
      counts(static_cast<size_t>(num_parts)),
      limits(part_limits.limits) {
  for (size_t node = 0; node < parts.size(); ++node) {
    ++counts[parts[node]];
    const auto weights = graph.weights(static_cast<int64_t>(node));
    for (size_t c = 0; c < weights.size(); ++c) {
      loads[static_cast<size_t>(parts[node] * num_constraints) + c] += weights[c];
    }
  }
}

bool PartLoads::has_room(int part, std::span<const int64_t> weights) const {
  for (int c = 0; c < num_constraints; ++c) {
    const int64_t weight = weights[static_cast<size_t>(c)];
    if (weight > 0 && load(part, c) + weight > limits[static_cast<size_t>(c)]) return false;
  }
  return true;
}

void PartLoads::move(std::span<const int64_t> weights, int from, int to) {
  --counts[from];
  ++counts[to];
  for (size_t c = 0; c < weights.size(); ++c) {
    loads[static_cast<size_t>(from * num_constraints) + c] -= weights[c];
    loads[static_cast<size_t>(to * num_constraints) + c] += weights[c];
  }
}

double PartLoads::worst() const {
  double worst = 0;
  for (int part = 0; part < num_parts; ++part) {
    for (int c = 0; c < num_constraints; ++c) {
      const int64_t limit = limits[static_cast<size_t>(c)];
      if (limit > 0) worst = std::max(worst, static_cast<double>(load(part, c)) / static_cast<double>(limit));
    }
  }
  return worst;
}

void rebalance(const SerialGraph& graph, const PartLimits& limits, std::span<int32_t> parts) {
  PartLoads loads(graph, limits, parts);
  relieve_all(graph, loads, parts);
  loads.limits = limits.of_first_constraint().limits;
  relieve_all(graph, loads, parts);
  fill_empty_parts(graph, loads, parts);
}

}  // namespace gigahop::partition
