#include "partition/assign.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "partition/serial_graph.h"
#include "partition/serial_partition.h"

namespace gigahop::partition {
namespace {

constexpr double kImbalance = 0.03;
constexpr double kWorthTheCut = 1.05;
/// Owned nodes cost encoding and evaluation, training nodes every step: a node weighs this part of a training node.
constexpr int64_t kOwnedPerTrain = 10;

std::vector<int64_t> part_weights(const proto::Partition& partition) {
  std::vector<int64_t> weights;
  for (const proto::PartSummary& part : partition.parts()) {
    weights.push_back(1 + kOwnedPerTrain * part.num_train() + part.num_owned());
  }
  return weights;
}

SerialGraph quotient_graph(const proto::Partition& partition, std::vector<int64_t> weights) {
  std::vector<std::vector<std::pair<int32_t, int64_t>>> rows(weights.size());
  for (const proto::QuotientEdge& edge : partition.quotient()) {
    rows[edge.a()].emplace_back(edge.b(), edge.weight());
    rows[edge.b()].emplace_back(edge.a(), edge.weight());
  }
  SerialGraph graph;
  for (auto& row : rows) {
    std::sort(row.begin(), row.end());
    for (const auto& [other, weight] : row) {
      graph.column_ids.push_back(other);
      graph.edge_weights.push_back(weight);
    }
    graph.row_offsets.push_back(static_cast<int32_t>(graph.column_ids.size()));
  }
  graph.node_weights = std::move(weights);
  return graph;
}

/// Heaviest part first, each to the lightest rank so far; to an empty one before all others.
std::vector<int32_t> longest_first(const std::vector<int64_t>& weights, int num_ranks) {
  std::vector<int32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return weights[a] > weights[b]; });
  std::vector<std::pair<int64_t, int64_t>> loads(static_cast<size_t>(num_ranks));  // weight, parts
  std::vector<int32_t> ranks(weights.size());
  for (const int32_t part : order) {
    const auto lightest = std::min_element(loads.begin(), loads.end());
    ranks[part] = static_cast<int32_t>(lightest - loads.begin());
    lightest->first += weights[part];
    ++lightest->second;
  }
  return ranks;
}

int64_t heaviest_rank(const std::vector<int64_t>& weights, const std::vector<int32_t>& ranks, int num_ranks) {
  std::vector<int64_t> loads(static_cast<size_t>(num_ranks));
  for (size_t part = 0; part < weights.size(); ++part) loads[ranks[part]] += weights[part];
  return *std::max_element(loads.begin(), loads.end());
}

std::vector<int32_t> numbered_by_first_part(const std::vector<int32_t>& ranks, int num_ranks) {
  std::vector<int32_t> new_number(static_cast<size_t>(num_ranks), -1);
  int32_t next = 0;
  std::vector<int32_t> result;
  for (const int32_t rank : ranks) {
    if (new_number[rank] < 0) new_number[rank] = next++;
    result.push_back(new_number[rank]);
  }
  return result;
}

}  // namespace

std::vector<int32_t> assign_parts(const proto::Partition& partition, int num_ranks) {
  const int num_parts = partition.num_parts();
  if (num_ranks > num_parts) {
    throw config_error("ranks", fmt::format("at most {}, the number of parts", num_parts), std::to_string(num_ranks),
                       "start fewer ranks or partition into more parts");
  }
  const std::vector<int64_t> weights = part_weights(partition);
  const SerialGraph quotient = quotient_graph(partition, weights);
  std::vector<int32_t> ranks = partition_serially(quotient, quotient.limits(num_ranks, kImbalance), partition.seed());
  const std::vector<int32_t> simple = longest_first(weights, num_ranks);
  const auto load = static_cast<double>(heaviest_rank(weights, ranks, num_ranks));
  if (load > kWorthTheCut * static_cast<double>(heaviest_rank(weights, simple, num_ranks))) ranks = simple;
  return numbered_by_first_part(ranks, num_ranks);
}

}  // namespace gigahop::partition
